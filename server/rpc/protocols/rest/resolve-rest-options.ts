/** Checks and completes the options of REST. */
import { checkOptions, type OptionKinds, type OptionShape } from '../../../../wire/options/check-options.ts'
import {
  ERROR_FORMS,
  PATH_DECODINGS,
  REST_PRESETS,
  type RestJsonOptions,
  type RestOptions,
  type RestPathOptions,
  type RestQueryOptions,
  type RestSettings,
  type RestStreamOptions,
  STREAM_FORMS,
} from './rest-options.ts'
import { PRESETS } from './rest-presets.ts'

const NESTED: Readonly<Record<'jsonOptions' | 'streams' | 'query' | 'path', OptionShape>> = {
  jsonOptions: {
    kinds: {
      alwaysEmitImplicit: ['boolean'],
      emitUnpopulated: ['boolean'],
      enumAsInteger: ['boolean'],
      useProtoFieldName: ['boolean'],
      indent: ['number'],
    } satisfies OptionKinds<RestJsonOptions>,
    advice: { prettySpaces: 'use jsonOptions.indent', ignoreUnknownFields: 'use unknownFields, beside jsonOptions' },
  },
  streams: {
    kinds: { defaultFormat: ['string'], heartbeatMs: ['number'] } satisfies OptionKinds<RestStreamOptions>,
  },
  query: {
    kinds: {
      unknown: ['string'],
      ignored: ['array'],
      besideBody: ['string'],
      collisions: ['string'],
      severalValues: ['string'],
      plusAsSpace: ['boolean'],
      mapEntries: ['boolean'],
      looseBooleans: ['boolean'],
      looseDurations: ['boolean'],
      ignoresEnumCase: ['boolean'],
      jsonValues: ['boolean'],
      maxParameters: ['number'],
    } satisfies OptionKinds<RestQueryOptions>,
  },
  path: {
    kinds: { decoding: ['string'], trailingSlash: ['string'] } satisfies OptionKinds<RestPathOptions>,
  },
}

const SHAPE: OptionShape = {
  kinds: {
    preset: ['string'],
    rules: ['array', 'object'],
    unboundMethods: ['boolean'],
    jsonOptions: ['object'],
    errors: ['string'],
    streams: ['object'],
    query: ['object'],
    path: ['object'],
    unknownFields: ['string'],
    bodyWithoutMapping: ['string'],
    patchMasks: ['boolean'],
    methodOverride: ['boolean'],
    requestHeader: ['function'],
    responseHeader: ['function'],
    responseTrailer: ['function'],
  } satisfies OptionKinds<RestOptions>,
  nested: NESTED,
}

/** The options that are one of a few words. */
const CHOICES = {
  errors: ERROR_FORMS,
  'streams.defaultFormat': STREAM_FORMS,
  'query.unknown': ['reject', 'ignore'],
  'query.besideBody': ['ignore', 'reject', 'apply'],
  'query.collisions': ['path', 'query', 'reject'],
  'query.severalValues': ['reject', 'last'],
  'path.decoding': PATH_DECODINGS,
  'path.trailingSlash': ['strict', 'ignore'],
  unknownFields: ['ignore', 'reject'],
  bodyWithoutMapping: ['reject', 'ignore'],
} as const

const MOST_INDENT = 10
const LEAST_HEARTBEAT_MS = 100
const MOST_HEARTBEAT_MS = 3_600_000
const MOST_PARAMETERS = 100_000

/**
 * Completes and checks the options.
 *
 * @throws RangeError that names every fault
 */
export function resolveRestOptions(options: RestOptions = {}): RestSettings {
  checkOptions('rest', options, SHAPE)
  const { preset = 'google' } = options
  if (!REST_PRESETS.includes(preset)) throw new RangeError(`rest: ${choiceFault('preset', preset, REST_PRESETS)}`)
  const base = PRESETS[preset]
  const settings: RestSettings = {
    ...base,
    ...given(options),
    preset,
    jsonOptions: Object.freeze({ ...base.jsonOptions, ...given(options.jsonOptions) }),
    streams: Object.freeze({ ...base.streams, ...given(options.streams) }),
    query: Object.freeze({ ...base.query, ...given(options.query) }),
    path: Object.freeze({ ...base.path, ...given(options.path) }),
  }
  const faults = faultsOf(settings)
  if (faults.length > 0) throw new RangeError(`rest: ${faults.join('; ')}`)
  return Object.freeze(settings)
}

/** Options that are undefined count as absent. */
function given<T extends object>(options: T | undefined): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(options ?? {}).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> }
}

function faultsOf(settings: RestSettings): string[] {
  const faults: string[] = []
  for (const [name, choices] of Object.entries(CHOICES)) {
    const value = valueAt(settings, name)
    if (!choices.some((choice) => choice === value)) faults.push(choiceFault(name, value, choices))
  }
  const { jsonOptions, streams, query } = settings
  if (!isWhole(jsonOptions.indent, 0, MOST_INDENT)) {
    faults.push(`jsonOptions.indent is ${jsonOptions.indent}: it must be a whole number from 0 to ${MOST_INDENT}`)
  }
  if (streams.heartbeatMs !== 0 && !isWhole(streams.heartbeatMs, LEAST_HEARTBEAT_MS, MOST_HEARTBEAT_MS)) {
    const range = `a whole number from ${LEAST_HEARTBEAT_MS} to ${MOST_HEARTBEAT_MS}, or 0 for none`
    faults.push(`streams.heartbeatMs is ${streams.heartbeatMs}: it must be ${range}`)
  }
  if (!isWhole(query.maxParameters, 1, MOST_PARAMETERS)) {
    faults.push(`query.maxParameters is ${query.maxParameters}: it must be a whole number from 1 to ${MOST_PARAMETERS}`)
  }
  if (!query.ignored.every((name) => typeof name === 'string' && name !== '')) {
    faults.push('query.ignored must list names of parameters')
  }
  return faults
}

function isWhole(value: number, from: number, to: number): boolean {
  return Number.isInteger(value) && value >= from && value <= to
}

function valueAt(settings: RestSettings, name: string): unknown {
  let value: unknown = settings
  for (const key of name.split('.')) value = (value as Readonly<Record<string, unknown>>)[key]
  return value
}

function choiceFault(name: string, value: unknown, choices: readonly string[]): string {
  return `${name} is ${JSON.stringify(value)}: it must be one of ${choices.join(', ')}`
}
