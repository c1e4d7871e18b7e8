import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';

interface Orders {
  start(): Promise<void>;
  publish(id: string): Promise<unknown>;
  stop(): Promise<void>;
}

const orders: Orders = require('../orders.js');

@Injectable()
export class OrdersConsumer implements OnModuleInit, OnApplicationShutdown {
  onModuleInit = () => orders.start();
  publish = (id: string) => orders.publish(id);
  onApplicationShutdown = () => orders.stop();
}
