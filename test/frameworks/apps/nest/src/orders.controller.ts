import type { Metadata } from '@grpc/grpc-js';
import { Controller, Get, Inject, type OnModuleInit, Query } from '@nestjs/common';
import { type ClientGrpc, GrpcMethod } from '@nestjs/microservices';
import { firstValueFrom, type Observable } from 'rxjs';
import { OrdersConsumer } from './orders.consumer';

interface Stock {
  reserve(order: { id: string }): Observable<{ metadata: string; baggage: string }>;
}

@Controller()
export class OrdersController implements OnModuleInit {
  private stock!: Stock;

  constructor(
    @Inject('STOCK') private readonly client: ClientGrpc,
    @Inject(OrdersConsumer) private readonly consumer: OrdersConsumer,
  ) {}

  onModuleInit() {
    this.stock = this.client.getService<Stock>('Stock');
  }

  @Get()
  async create(@Query('id') id: string) {
    const reserved = await firstValueFrom(this.stock.reserve({ id }));
    await this.consumer.publish(id);
    return reserved;
  }

  @GrpcMethod('Stock')
  async reserve({ id }: { id: string }, metadata: Metadata) {
    const response = await fetch(`${process.env.DOWNSTREAM}/request/${id}`);
    const { baggage } = (await response.json()) as { baggage: string };
    return { metadata: metadata.get('baggage').join(), baggage };
  }
}
