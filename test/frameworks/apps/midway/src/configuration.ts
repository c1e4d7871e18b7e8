import { Configuration, type ILifeCycle } from '@midwayjs/core';
import * as koa from '@midwayjs/koa';

const orders: { start(): Promise<void>; stop(): Promise<void> } = require('../orders.js');

@Configuration({
  imports: [koa],
  importConfigs: [{ default: { keys: 'keys of the session', koa: { port: Number(process.env.PORT) } } }],
})
export class MainConfiguration implements ILifeCycle {
  async onReady() {
    await orders.start();
  }

  async onStop() {
    await orders.stop();
  }
}
