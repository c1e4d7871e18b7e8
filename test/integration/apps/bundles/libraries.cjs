// Every library that the agent knows and that is nothing but JavaScript, as one application. Goes on until it is ended.
require('undici');
require('@grpc/grpc-js');
require('nacos');
require('apache-dubbo-consumer');
require('apache-dubbo-service');
require('rocketmq-client-nodejs');
require('ali-ons');
require('rocketmq');

console.log('loaded');
setInterval(() => {}, 60_000);
