/**
 * The variables of OpenTelemetry's specification that its packages for Node leave to the program. They read the others themselves, such
 * as OTEL_EXPORTER_OTLP_ENDPOINT and OTEL_EXPORTER_OTLP_HEADERS.
 */

const EXPORTERS = ['otlp', 'console', 'none'] as const
const PROPAGATORS = ['tracecontext', 'baggage', 'none'] as const
const SAMPLERS = [
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
  'always_on',
  'always_off',
  'traceidratio',
] as const

/** The only encoding of OTLP that the exporters in use have. */
const PROTOCOL = 'http/protobuf'

/** Where a signal goes. */
export type ExporterName = (typeof EXPORTERS)[number]

/** What the variables say. */
export interface OtelSettings {
  /** OTEL_SDK_DISABLED: nothing is recorded. Default: false. */
  readonly isDisabled: boolean
  /** OTEL_TRACES_EXPORTER. Default: otlp. */
  readonly traces: ExporterName
  /** OTEL_METRICS_EXPORTER. Default: otlp. */
  readonly metrics: ExporterName
  /** OTEL_PROPAGATORS, none if empty. Default: tracecontext and baggage. */
  readonly propagators: readonly ('tracecontext' | 'baggage')[]
  /** OTEL_TRACES_SAMPLER. Default: parentbased_always_on. */
  readonly sampler: (typeof SAMPLERS)[number]
  /** OTEL_TRACES_SAMPLER_ARG, from 0 to 1. Default: 1. */
  readonly ratio: number
  /** OTEL_BSP_SCHEDULE_DELAY, OTEL_BSP_EXPORT_TIMEOUT, OTEL_BSP_MAX_QUEUE_SIZE, OTEL_BSP_MAX_EXPORT_BATCH_SIZE. Default: the SDK's. */
  readonly batch: Readonly<Record<string, number>>
  /** OTEL_METRIC_EXPORT_INTERVAL, in milliseconds. Default: 60,000. */
  readonly metricIntervalMs: number
}

const BATCH: Readonly<Record<string, string>> = {
  OTEL_BSP_SCHEDULE_DELAY: 'scheduledDelayMillis',
  OTEL_BSP_EXPORT_TIMEOUT: 'exportTimeoutMillis',
  OTEL_BSP_MAX_QUEUE_SIZE: 'maxQueueSize',
  OTEL_BSP_MAX_EXPORT_BATCH_SIZE: 'maxExportBatchSize',
}

/**
 * Reads the variables.
 *
 * @throws RangeError that names every variable with a value that is not valid or not supported
 */
export function readOtelSettings(env: NodeJS.ProcessEnv): OtelSettings {
  const reader = new Reader(env)
  const settings: OtelSettings = {
    isDisabled: reader.text('OTEL_SDK_DISABLED')?.toLowerCase() === 'true',
    traces: reader.choice('OTEL_TRACES_EXPORTER', EXPORTERS, 'otlp'),
    metrics: reader.choice('OTEL_METRICS_EXPORTER', EXPORTERS, 'otlp'),
    propagators: reader.propagators(),
    sampler: reader.choice('OTEL_TRACES_SAMPLER', SAMPLERS, 'parentbased_always_on'),
    ratio: reader.number('OTEL_TRACES_SAMPLER_ARG', { most: 1 }) ?? 1,
    batch: reader.batch(),
    metricIntervalMs: reader.number('OTEL_METRIC_EXPORT_INTERVAL', { least: 1 }) ?? 60_000,
  }
  for (const signal of ['', 'TRACES_', 'METRICS_'])
    reader.choice(`OTEL_EXPORTER_OTLP_${signal}PROTOCOL`, [PROTOCOL], PROTOCOL)
  if (reader.faults.length > 0) throw new RangeError(`telemetry: ${reader.faults.join('; ')}`)
  return Object.freeze(settings)
}

/** The variables that say where telemetry goes, and so that it is wanted. */
const DESTINATIONS = [
  'OTEL_TRACES_EXPORTER',
  'OTEL_METRICS_EXPORTER',
  'OTEL_EXPORTER_OTLP_ENDPOINT',
  'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
  'OTEL_EXPORTER_OTLP_METRICS_ENDPOINT',
]

/** Returns the variable that asks for telemetry; undefined without one, or if OTEL_SDK_DISABLED is `true`. */
export function otelVariable(env: NodeJS.ProcessEnv): string | undefined {
  if (env.OTEL_SDK_DISABLED?.trim().toLowerCase() === 'true') return undefined
  return DESTINATIONS.find((name) => !['', 'none'].includes(env[name]?.trim().toLowerCase() ?? ''))
}

class Reader {
  readonly faults: string[] = []
  readonly #env: NodeJS.ProcessEnv

  constructor(env: NodeJS.ProcessEnv) {
    this.#env = env
  }

  /** An empty variable counts as not set (OpenTelemetry, environment variables). */
  text(name: string): string | undefined {
    const value = this.#env[name]?.trim()
    return value === '' ? undefined : value
  }

  choice<const T extends string>(name: string, words: readonly T[], fallback: T): T {
    const value = this.text(name)?.toLowerCase()
    if (value === undefined) return fallback
    const word = words.find((each) => each === value)
    if (word === undefined) this.faults.push(`${name} is "${value}": it can be ${words.join(', ')}`)
    return word ?? fallback
  }

  number(name: string, { least = 0, most = Number.MAX_SAFE_INTEGER }: { least?: number; most?: number }) {
    const text = this.text(name)
    if (text === undefined) return undefined
    const value = Number(text)
    if (value >= least && value <= most) return value
    this.faults.push(`${name} is "${text}": it must be a number from ${least} to ${most}`)
    return undefined
  }

  propagators(): OtelSettings['propagators'] {
    const names = (this.text('OTEL_PROPAGATORS') ?? 'tracecontext,baggage').split(',').map((name) => name.trim())
    for (const name of names) {
      if (PROPAGATORS.some((each) => each === name)) continue
      this.faults.push(`OTEL_PROPAGATORS has "${name}": it can have ${PROPAGATORS.join(', ')}`)
    }
    return (['tracecontext', 'baggage'] as const).filter((name) => names.includes(name))
  }

  batch(): Readonly<Record<string, number>> {
    const given = Object.entries(BATCH).map(([name, option]) => [option, this.number(name, { least: 1 })] as const)
    return Object.fromEntries(given.filter((each): each is [string, number] => each[1] !== undefined))
  }
}
