import { Controller, Get, makeHttpRequest, Query } from '@midwayjs/core';

const orders: { publish(id: string): Promise<unknown> } = require('../../orders.js');

@Controller('/')
export class OrdersController {
  @Get('/')
  async create(@Query('id') id: string) {
    const { data } = await makeHttpRequest(`${process.env.DOWNSTREAM}/request/${id}`, { dataType: 'json' });
    await orders.publish(id);
    return data;
  }
}
