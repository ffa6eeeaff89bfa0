/** Properties of the texts of every kind: what they become is what they were made from. */
import { create, type DescField, isFieldSet, type Message } from '@bufbuild/protobuf'
import { DurationSchema, FieldMaskSchema, TimestampSchema } from '@bufbuild/protobuf/wkt'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { RequestBinder } from '../../../../../../../server/rpc/protocols/rest/binding/request-binder.ts'
import { resolveRestOptions } from '../../../../../../../server/rpc/protocols/rest/resolve-rest-options.ts'
import { KindsSchema } from '../../../../../../gen/kinds/v1/kinds_pb.js'
import { GET_KINDS } from '../../../../../../support/bind-request.ts'

const RUNS = { numRuns: 100 }

const settings = resolveRestOptions({ query: { mapEntries: true } })
const binder = new RequestBinder(GET_KINDS, settings)

/** A value as protobuf-es keeps it, and its text. */
type Sample = readonly [value: unknown, text: string]

const sampleOf = <T>(values: fc.Arbitrary<T>, toText: (value: T) => string = String): fc.Arbitrary<Sample> =>
  values.map((value) => [value, toText(value)] as const)

const int32 = sampleOf(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }))
const uint32 = sampleOf(fc.integer({ min: 0, max: 2 ** 32 - 1 }))
const int64 = sampleOf(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }))
const uint64 = sampleOf(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }))
// -0 is written as 0 by String.
const double = sampleOf(fc.double().filter((value) => !Object.is(value, -0)))
const float = sampleOf(fc.float().filter((value) => !Object.is(value, -0)))
const bool = sampleOf(fc.boolean())
const string = sampleOf(fc.string({ unit: 'binary' }))
const bytes = fc
  .tuple(fc.uint8Array(), fc.constantFrom('base64' as const, 'base64url' as const))
  .map(([value, alphabet]): Sample => [value, Buffer.from(value).toString(alphabet)])
const timestamp = sampleOf(
  fc
    .tuple(fc.bigInt({ min: -62_135_596_800n, max: 253_402_300_799n }), fc.integer({ min: 0, max: 999_999_999 }))
    .map(([seconds, nanos]) => create(TimestampSchema, { seconds, nanos })),
  ({ seconds, nanos }) => {
    const iso = new Date(Number(seconds) * 1_000).toISOString()
    return iso.replace('.000Z', `.${String(nanos).padStart(9, '0')}Z`)
  },
)
const duration = sampleOf(
  fc
    .tuple(fc.bigInt({ min: 0n, max: 315_575_999_999n }), fc.integer({ min: 0, max: 999_999_999 }), fc.boolean())
    .map(([seconds, nanos, isNegative]) =>
      create(DurationSchema, { seconds: isNegative ? -seconds : seconds, nanos: isNegative ? 0 - nanos : nanos }),
    ),
  ({ seconds, nanos }) => {
    const sign = seconds < 0n || nanos < 0 ? '-' : ''
    return `${sign}${String(seconds).replace('-', '')}.${String(Math.abs(nanos)).padStart(9, '0')}s`
  },
)
const name = fc.stringMatching(/^[a-z][a-z0-9]{0,5}(?:_[a-z][a-z0-9]{0,3}){0,2}$/)
const mask = sampleOf(
  fc.array(fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join('.'))),
  (paths) => paths.join(','),
).map(([paths, text]): Sample => [create(FieldMaskSchema, { paths: paths as string[] }), text])

const KINDS: readonly [field: keyof typeof KindsSchema.field, sample: fc.Arbitrary<Sample>][] = [
  ['doubleValue', double],
  ['floatValue', float],
  ['int32Value', int32],
  ['int64Value', int64],
  ['uint32Value', uint32],
  ['uint64Value', uint64],
  ['sint32Value', int32],
  ['sint64Value', int64],
  ['fixed32Value', uint32],
  ['fixed64Value', uint64],
  ['sfixed32Value', int32],
  ['sfixed64Value', int64],
  ['boolValue', bool],
  ['stringValue', string],
  ['bytesValue', bytes],
  ['enumValue', int32],
  ['optionalInt64', int64],
  ['doubleWrapper', double],
  ['floatWrapper', float],
  ['int32Wrapper', int32],
  ['int64Wrapper', int64],
  ['uint32Wrapper', uint32],
  ['uint64Wrapper', uint64],
  ['boolWrapper', bool],
  ['stringWrapper', string],
  ['bytesWrapper', bytes],
  ['timestamp', timestamp],
  ['duration', duration],
  ['fieldMask', mask],
]

function bind(query: string): Message & Record<string, unknown> {
  const message = binder.decode(new Uint8Array(0))
  binder.bind(message, `/k?${query}`)
  return message as Message & Record<string, unknown>
}

describe('Q4-Q7: the text of a value becomes this value', () => {
  test.each(KINDS)('%s', (localName, sample) => {
    const field = KindsSchema.field[localName] as DescField
    fc.assert(
      fc.property(sample, fc.boolean(), ([value, text], usesJsonName) => {
        const message = bind(`${usesJsonName ? field.jsonName : field.name}=${encodeURIComponent(text)}`)
        expect(message[localName]).toEqual(value)
      }),
      RUNS,
    )
  })

  test('lists, in their order', () => {
    for (const [field, sample] of [
      ['int64s', int64],
      ['byteStrings', bytes],
      ['strings', string],
      ['doubles', double],
      ['timestamps', timestamp],
    ] as const) {
      fc.assert(
        fc.property(fc.array(sample, { maxLength: 20 }), (samples) => {
          const query = samples.map(([, text]) => `${field}=${encodeURIComponent(text)}`).join('&')
          expect(bind(query)[field]).toEqual(samples.map(([value]) => value))
        }),
        RUNS,
      )
    }
  })

  test('maps, whatever their keys', () => {
    const key = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('__proto__', 'constructor', '[', ']', ''))
    fc.assert(
      fc.property(fc.uniqueArray(fc.tuple(key, int64), { selector: ([text]) => text, maxLength: 10 }), (entries) => {
        const query = entries
          .map(([text, [, value]]) => `string_to_int64${encodeURIComponent(`[${text}]`)}=${value}`)
          .join('&')
        const map = bind(query).stringToInt64 as object
        expect(Object.getPrototypeOf(map)).toBe(Object.prototype)
        expect(new Map(Object.entries(map))).toEqual(new Map(entries.map(([text, [value]]) => [text, value])))
      }),
      RUNS,
    )
  })
})

test('any text is a value, or an error that names the parameter', () => {
  const texts = fc.oneof(fc.string(), fc.stringMatching(/^[-+\d.eET:sZa-f]{0,30}$/))
  for (const [localName] of KINDS) {
    const field = KindsSchema.field[localName] as DescField
    fc.assert(
      fc.property(texts, (text) => {
        try {
          const message = bind(`${field.name}=${encodeURIComponent(text)}`)
          if (field.presence === 1) expect(isFieldSet(message, field)).toBe(true)
        } catch (error) {
          expect(error).toMatchObject({ rawMessage: expect.stringContaining(`query parameter ${field.name}: `) })
        }
      }),
      { numRuns: 50 },
    )
  }
})

test('any query is bound, or an error of the caller', () => {
  const queries = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: 'binary' }).map(encodeURI),
    fc.stringMatching(/^[a-z_.=&%+[\]0-9]{0,60}$/),
  )
  fc.assert(
    fc.property(queries, (query) => {
      try {
        bind(query)
      } catch (error) {
        expect(error).toMatchObject({ name: 'ConnectError', code: 3 })
      }
      expect(Object.keys(Object.prototype)).toEqual([])
    }),
    { numRuns: 500 },
  )
})
