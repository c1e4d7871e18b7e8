const use = require('./use.cjs');

use(require('rocketmq-gray')).then(result => console.log(JSON.stringify(result)));
