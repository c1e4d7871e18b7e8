// A gRPC service whose messages are JSON: the definition that @grpc/grpc-js takes.
const serialize = value => Buffer.from(JSON.stringify(value));
const deserialize = buffer => JSON.parse(buffer.toString());
const method = (name, requestStream, responseStream) => ({
  path: `/test.Service/${name}`,
  requestStream,
  responseStream,
  requestSerialize: serialize,
  requestDeserialize: deserialize,
  responseSerialize: serialize,
  responseDeserialize: deserialize,
});

module.exports = {
  serialize,
  method,
  // A method of each kind.
  KINDS: {
    unary: method('unary', false, false),
    clientStream: method('clientStream', true, false),
    serverStream: method('serverStream', false, true),
    bidi: method('bidi', true, true),
  },
};
