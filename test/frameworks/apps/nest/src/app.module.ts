import { Module } from '@nestjs/common';
import { ClientsModule, type GrpcOptions, Transport } from '@nestjs/microservices';
import { OrdersConsumer } from './orders.consumer';
import { OrdersController } from './orders.controller';

/** The service is its own next one: what it calls by gRPC it also offers. */
export const grpc: GrpcOptions = {
  transport: Transport.GRPC,
  options: { package: 'orders', protoPath: 'orders.proto', url: `127.0.0.1:${process.env.GRPC_PORT}` },
};

@Module({
  imports: [ClientsModule.register([{ name: 'STOCK', ...grpc }])],
  controllers: [OrdersController],
  providers: [OrdersConsumer],
})
export class AppModule {}
