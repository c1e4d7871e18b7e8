// What test services note on the way of a call.

/** By place, the active tags that were seen there. */
exports.noteIn = activeTag => {
  const places = {};
  const note = place => {
    places[place] ??= [];
    places[place].push(activeTag() ?? null);
  };
  return { places, note };
};

const NAMES = ['baggage', 'x-mse-tag'];

/** Of raw headers (flat) those that carry tags, a line each. */
exports.tagHeaders = rawHeaders =>
  rawHeaders.flatMap((name, i) => {
    const lower = name.toLowerCase();
    return i % 2 === 0 && NAMES.includes(lower) ? [`${lower}: ${rawHeaders[i + 1]}`] : [];
  });
