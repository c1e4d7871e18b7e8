module.exports = { keys: 'keys of the session', logger: { dir: `${process.env.HOME}/logs/orders` } };
