// Calls ECHO over HTTP, as a handler of an application calls the next service: the headers that arrived there.
const http = require('node:http');

module.exports = () =>
  new Promise((resolve, reject) => {
    http
      .get(`${process.env.ECHO}/`, response => {
        let text = '';
        response
          .on('data', chunk => (text += chunk))
          .on('end', () => resolve(JSON.parse(text)))
          .on('error', reject);
      })
      .on('error', reject);
  });
