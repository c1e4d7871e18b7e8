// Loads what a service of some size does.
const express = require('express');
require('nacos');
require('rocketmq-client-nodejs');
require('ali-ons');

const app = express();
app.get('/', (_request, response) => response.send('hello'));
const server = app.listen(0, '127.0.0.1', () => server.close());
