module.exports = { cacheComponents: true, cacheHandlers: { remote: require.resolve('./cache-handler.js') } };
