const orders = require('./orders.js');

module.exports = class {
  async willReady() {
    await orders.start();
  }

  async beforeClose() {
    await orders.stop();
  }
};
