import { describe, expect, test } from 'vitest'
import { createTransport } from '../../../../client/node/transport.ts'

/** Options that TypeScript would reject. */
function transportOf(options: unknown): () => unknown {
  return () => createTransport(options as Parameters<typeof createTransport>[0])
}

const TARGET = { target: 'dns:///a:1' }

describe('rejects options of the wrong type', () => {
  test.each([
    [undefined, 'the argument of createTransport is undefined, and must be an object'],
    ['dns:///a:1', 'the argument of createTransport is a string, and must be an object'],
    [{ target: 5 }, 'createTransport: target is a number, and must be a string'],
    [{ ...TARGET, interceptors: {} }, 'createTransport: interceptors is an object, and must be an array'],
    [{ ...TARGET, interceptors: [3] }, 'interceptors[0] is a number, and must be a function'],
    [{ ...TARGET, defaultTimeoutMs: '5' }, 'createTransport: defaultTimeoutMs is a string, and must be a number'],
    [{ ...TARGET, codec: 'fast' }, 'codec is "fast", and must be one of compiled, reflective'],
    [{ ...TARGET, codec: true }, 'codec is true, and must be one of compiled, reflective'],
    [{ ...TARGET, retry: 'false' }, 'createTransport: retry is a string, and must be a boolean'],
    [{ ...TARGET, tls: true }, 'createTransport: tls is a boolean, and must be an object'],
    [{ ...TARGET, tls: null }, 'createTransport: tls is null, and must be an object'],
    [{ ...TARGET, tls: { caFile: 5 } }, 'createTransport: tls.caFile is a number, and must be a string'],
    [{ ...TARGET, tls: { ca: 5 } }, 'createTransport: tls.ca is a number, and must be a string or an object'],
    [
      { ...TARGET, keepalive: { timeMs: '20000' } },
      'createTransport: keepalive.timeMs is a string, and must be a number',
    ],
  ])('%j', (options, message) => {
    expect(transportOf(options)).toThrow(new RangeError(message))
  })

  test('without revealing their values, which may be secret', () => {
    expect(transportOf({ ...TARGET, credentials: 'hunter2' })).toThrow(
      new RangeError('createTransport: credentials is a string, and must be an object'),
    )
  })
})

describe('names', () => {
  test.each([
    [{ ...TARGET, keepAlive: {} }, 'createTransport: keepAlive is unknown: did you mean keepalive?'],
    [{ ...TARGET, tsl: {} }, 'createTransport: tsl is unknown: did you mean tls?'],
    [
      { ...TARGET, keepalive: { time: 20_000 } },
      'createTransport: keepalive.time is unknown: did you mean keepalive.timeMs?',
    ],
    [
      { ...TARGET, tls: { serverName: 'a' } },
      'createTransport: tls.serverName is unknown: did you mean tls.servername?',
    ],
  ])('that are misspelled are rejected: %j', (options, message) => {
    expect(transportOf(options)).toThrow(new RangeError(message))
  })

  test.each([
    [{ ...TARGET, colour: 'blue' }, 'colour is unknown'],
    [{ ...TARGET, toString: 5 }, 'toString is unknown'],
    [{ ...TARGET, cert: 'x' }, 'cert is unknown: use tls.cert'],
    [{ ...TARGET, keepalive: { colour: 1 } }, 'keepalive.colour is unknown'],
    [{ ...TARGET, jsonOptions: { ignoreUnknown: 1 } }, 'jsonOptions.ignoreUnknown is unknown'],
    [
      { ...TARGET, binaryOptions: { readUnknownField: 1 } },
      'binaryOptions.readUnknownField is unknown: did you mean binaryOptions.readUnknownFields?',
    ],
  ])('that are unknown are rejected: %j', (options, message) => {
    expect(transportOf(options)).toThrow(new RangeError(`createTransport: ${message}`))
  })

  test.each([
    ['format', "format is unknown: use useBinaryFormat: false for 'json'"],
    ['timeoutMs', 'timeoutMs is unknown: use defaultTimeoutMs'],
    ['maxReceiveBytes', 'maxReceiveBytes is unknown: use readMaxBytes'],
    ['maxSendBytes', 'maxSendBytes is unknown: use writeMaxBytes'],
  ])('that were renamed are rejected with the current one: %s', (name, message) => {
    expect(transportOf({ ...TARGET, [name]: 1 })).toThrow(new RangeError(`createTransport: ${message}`))
  })

  test('with an undefined value count as absent', async () => {
    const options = { ...TARGET, colour: undefined, tls: undefined }
    await createTransport(options as unknown as typeof TARGET).close()
  })
})
