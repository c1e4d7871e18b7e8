const { Controller } = require('egg');
const orders = require('../../orders.js');

module.exports = class OrdersController extends Controller {
  async create() {
    const { id } = this.ctx.query;
    const { data } = await this.ctx.curl(`${process.env.DOWNSTREAM}/request/${id}`, { dataType: 'json' });
    await orders.publish(id);
    this.ctx.body = data;
  }
};
