/**
 * Requests that every server of Google's HTTP rules binds alike: each value in each place. They cover the classes of the compliance
 * suite of gapic-showcase.
 */
import type { MessageInitShape } from '@bufbuild/protobuf'
import { Planet, type RepeatRequestSchema, type RepeatService } from '../../gen/repeat/v1/repeat_pb.js'

/** The same requests for several methods. */
export interface RepeatGroup {
  readonly methods: readonly (keyof typeof RepeatService.method)[]
  /** By what is special about them. */
  readonly requests: Readonly<Record<string, MessageInitShape<typeof RepeatRequestSchema>>>
  /** The rule by which they are sent: 0 is that of the method, others are its additional bindings. Default: 0. */
  readonly binding?: number
}

const WHOLE_BODY = ['repeatBody', 'repeatPut', 'repeatPatch'] as const

const LARGEST = {
  int32Value: 2_147_483_647,
  sint32Value: 2_147_483_647,
  sfixed32Value: 2_147_483_647,
  uint32Value: 4_294_967_295,
  fixed32Value: 4_294_967_295,
  int64Value: 9_223_372_036_854_775_807n,
  sint64Value: 9_223_372_036_854_775_807n,
  sfixed64Value: 9_223_372_036_854_775_807n,
  uint64Value: 18_446_744_073_709_551_615n,
  fixed64Value: 18_446_744_073_709_551_615n,
  doubleValue: Number.MAX_VALUE,
  floatValue: 3.4028234663852886e38,
}

const PLAIN = {
  text: 'Danube',
  int32Value: -12,
  sint32Value: -34,
  sfixed32Value: -56,
  uint32Value: 78,
  fixed32Value: 90,
  int64Value: -123n,
  sint64Value: -456n,
  sfixed64Value: -789n,
  uint64Value: 1_011n,
  fixed64Value: 1_213n,
  doubleValue: -1.5e7,
  floatValue: -0.75,
  boolValue: true,
  bytesValue: Uint8Array.of(0, 250, 251, 255),
  planet: Planet.MARS,
  part: { text: 'bridges/open/toll' },
}

const ZEROS = {
  int32Value: 0,
  sint32Value: 0,
  sfixed32Value: 0,
  uint32Value: 0,
  fixed32Value: 0,
  int64Value: 0n,
  sint64Value: 0n,
  sfixed64Value: 0n,
  uint64Value: 0n,
  fixed64Value: 0n,
  doubleValue: 0,
  floatValue: 0,
  boolValue: false,
  givenInt32: 0,
  givenDouble: 0,
  givenBool: false,
}

/** Fifty-three cases, counted as pairs of a method and a request. */
export const REPEAT_GROUPS: readonly RepeatGroup[] = [
  {
    methods: [...WHOLE_BODY, 'repeatQuery', 'repeatPath', 'repeatBodyField'],
    requests: {
      'every kind of scalar': {
        sample: {
          ...PLAIN,
          givenText: 'Rhine',
          givenInt32: -21,
          givenDouble: -6.25,
          givenBool: true,
          givenPlanet: Planet.VENUS,
        },
        count: -14,
        total: -1_516n,
        ratio: -3.5e4,
        givenCount: -17,
        givenTotal: -1_819n,
        givenRatio: -20.25,
      },
      'no optional fields': { sample: PLAIN },
      'zeros beside text': {
        sample: {
          ...ZEROS,
          text: 'Danube',
          givenText: 'Rhine',
          planet: Planet.UNSPECIFIED,
          givenPlanet: Planet.UNSPECIFIED,
        },
      },
      'the largest values, and text that is escaped': {
        sample: {
          ...LARGEST,
          text: 'Ελλάδα ☂ ⇐ ⇒ "\\/\b\f\r\t\u05d0 and \ud83d\ude80',
          boolValue: false,
          givenText: 'Rhine',
          givenInt32: 2_147_483_647,
          givenUint64: 18_446_744_073_709_551_615n,
          givenDouble: Number.MAX_VALUE,
          givenBool: false,
        },
      },
      'text with spaces': { sample: { text: 'Blue Nile' } },
      'text with quotes': { sample: { text: `the "Blue" Nile's` } },
      'text with percent signs': { sample: { text: '50% of the Nile, %2F, %zz' } },
    },
  },
  {
    methods: [...WHOLE_BODY, 'repeatQuery'],
    requests: {
      'text that looks like the rest of a path': {
        sample: { text: 'rivers/danube/bridges/chain', givenBool: true, part: { text: 'bridges/chain/open/true' } },
      },
    },
  },
  {
    methods: ['repeatResource'],
    requests: {
      'a resource name per field': {
        sample: { text: 'rivers/danube', givenBool: true, part: { text: 'bridges/chain' } },
      },
      'resource names with escapes': {
        sample: { text: 'rivers/new river', boolValue: true, part: { text: 'bridges/a?b#c' } },
      },
    },
  },
  {
    methods: ['repeatResource'],
    binding: 1,
    requests: {
      'the names in the other fields': {
        sample: { text: 'bridges/chain', givenBool: true, part: { text: 'rivers/danube' } },
      },
    },
  },
  {
    methods: [...WHOLE_BODY, 'repeatQuery'],
    requests: {
      'nothing but zeros': { sample: { ...ZEROS, text: '', givenText: '' } },
    },
  },
]

/** Resource names of several segments at the end of a path. */
export const TRAILING_GROUP: RepeatGroup = {
  methods: ['repeatTrailing'],
  requests: {
    'one segment after the collection': { sample: { text: 'rivers/danube', part: { text: 'bridges/chain' } } },
    'three segments after the collection': { sample: { text: 'rivers/danube', part: { text: 'bridges/a/b c/d' } } },
    'a colon in the last segment': { sample: { text: 'rivers/danube', part: { text: 'bridges/a:b' } } },
  },
}
