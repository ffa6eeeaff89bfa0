import { describe, expect, test } from 'vitest'
import { createTransport } from '../../../../../client/node/transport.ts'

/** What JavaScript lets somebody write. */
function transportOf(options: unknown): () => unknown {
  return () => createTransport(options as Parameters<typeof createTransport>[0])
}

const TARGET = { target: 'dns:///a:1' }

describe('options of another kind are refused', () => {
  test.each([
    [undefined, 'the argument of createTransport is undefined, and must be an object'],
    ['dns:///a:1', 'the argument of createTransport is a string, and must be an object'],
    [{ target: 5 }, 'target is a number, and must be a string'],
    [{ ...TARGET, interceptors: {} }, 'interceptors is an object, and must be an array'],
    [{ ...TARGET, interceptors: [3] }, 'interceptors[0] is a number, and must be a function'],
    [{ ...TARGET, defaultTimeoutMs: '5' }, 'defaultTimeoutMs is a string, and must be a number'],
    [{ ...TARGET, retry: 'false' }, 'retry is a string, and must be a boolean'],
    [{ ...TARGET, tls: true }, 'tls is a boolean, and must be an object'],
    [{ ...TARGET, tls: null }, 'tls is null, and must be an object'],
    [{ ...TARGET, tls: { caFile: 5 } }, 'tls.caFile is a number, and must be a string'],
    [{ ...TARGET, tls: { ca: 5 } }, 'tls.ca is a number, and must be a string or an object'],
    [{ ...TARGET, keepalive: { timeMs: '20000' } }, 'keepalive.timeMs is a string, and must be a number'],
  ])('%j', (options, message) => {
    expect(transportOf(options)).toThrow(new RangeError(message))
  })

  test('without a word of what they hold, which may be secret', () => {
    expect(transportOf({ ...TARGET, credentials: 'hunter2' })).toThrow(
      new RangeError('credentials is a string, and must be an object'),
    )
  })
})

describe('names', () => {
  test.each([
    [{ ...TARGET, keepAlive: {} }, 'keepAlive is no option: did you mean keepalive?'],
    [{ ...TARGET, tsl: {} }, 'tsl is no option: did you mean tls?'],
    [{ ...TARGET, keepalive: { time: 20_000 } }, 'keepalive.time is no option: did you mean keepalive.timeMs?'],
    [{ ...TARGET, tls: { serverName: 'a' } }, 'tls.serverName is no option: did you mean tls.servername?'],
  ])('that are misspelt are refused: %j', (options, message) => {
    expect(transportOf(options)).toThrow(new RangeError(message))
  })

  test('that are of something else are let pass, and so are options that are undefined', async () => {
    const options = { ...TARGET, color: 'blue', toString: 5, tls: undefined }
    await createTransport(options as unknown as typeof TARGET).close()
  })
})
