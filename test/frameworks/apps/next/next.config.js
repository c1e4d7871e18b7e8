module.exports = {
  serverExternalPackages: ['rocketmq-client-nodejs'],
};
