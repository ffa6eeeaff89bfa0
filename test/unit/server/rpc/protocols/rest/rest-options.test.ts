/** The options of REST: dialects, overrides, and the faults that are reported. */
import { describe, expect, test } from 'vitest'
import { resolveRestOptions } from '../../../../../../server/rpc/protocols/rest/resolve-rest-options.ts'
import { REST_PRESETS, type RestOptions } from '../../../../../../server/rpc/protocols/rest/rest-options.ts'

describe('the options of REST', () => {
  test('default to the dialect of Google', () => {
    const settings = resolveRestOptions()
    expect(settings).toMatchObject({ preset: 'google', errors: 'status', query: { unknown: 'reject' } })
    expect(settings.query.ignored).toContain('prettyPrint')
  })

  test.each(REST_PRESETS)('override single defaults of the dialect %s', (preset) => {
    const plain = resolveRestOptions({ preset })
    const changed = resolveRestOptions({ preset, query: { unknown: 'ignore' }, errors: 'aip193' })
    expect(changed).toEqual({ ...plain, errors: 'aip193', query: { ...plain.query, unknown: 'ignore' } })
  })

  test.each(REST_PRESETS)('of the preset %s let a variable of the path win over a parameter', (preset) => {
    expect(resolveRestOptions({ preset }).query.collisions).toBe('path')
  })

  test('are frozen, with all their parts', () => {
    const settings = resolveRestOptions({ preset: 'envoy', jsonOptions: { indent: 2 } })
    for (const part of [settings, settings.jsonOptions, settings.streams, settings.query, settings.path]) {
      expect(Object.isFrozen(part)).toBe(true)
    }
  })

  test.each<[string, unknown, string]>([
    ['an unknown name', { error: 'status' }, 'rest: error is unknown: did you mean errors?'],
    ['an unknown nested name', { query: { unkown: 'x' } }, 'query.unkown is unknown: did you mean query.unknown?'],
    ['a name of protobuf-es', { jsonOptions: { prettySpaces: 2 } }, 'use jsonOptions.indent'],
    [
      'an unknown dialect',
      { preset: 'toString' },
      'preset is "toString": it must be one of google, grpcGateway, envoy',
    ],
    ['an unknown error form', { errors: 'html' }, 'errors is "html": it must be one of status, problem, aip193'],
    ['an unknown stream form', { streams: { defaultFormat: 'xml' } }, 'streams.defaultFormat is "xml"'],
    ['a short heartbeat', { streams: { heartbeatMs: 10 } }, 'a whole number from 100 to 3600000, or 0 for none'],
    [
      'too few parameters',
      { query: { maxParameters: 0 } },
      'query.maxParameters is 0: it must be a whole number from 1',
    ],
    ['an indent out of range', { jsonOptions: { indent: 11 } }, 'jsonOptions.indent is 11'],
    ['a parameter without a name', { query: { ignored: [''] } }, 'query.ignored must list names of parameters'],
    ['an undefined option beside a fault', { rules: undefined, error: 1 }, 'rest: error is unknown'],
    ['null', null, 'the argument of rest is null, and must be an object'],
    ['a mapping of another kind', { requestHeader: 'x' }, 'requestHeader is a string, and must be a function'],
    ['a kind of path', { path: { decoding: 'none' } }, 'path.decoding is "none"'],
  ])('refuse %s', (_what, options, message) => {
    expect(() => resolveRestOptions(options as RestOptions)).toThrow(message)
  })

  test('report all faults at once', () => {
    const options = { errors: 'x', unknownFields: 'y', jsonOptions: { indent: -1 } } as unknown as RestOptions
    expect(() => resolveRestOptions(options)).toThrow(/errors.*unknownFields.*indent/)
  })
})
