module.exports = app => {
  app.router.get('/', app.controller.orders.create);
};
