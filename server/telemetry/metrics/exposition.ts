/** Writes metrics out in the formats of Prometheus, with prom-client. */
import type { CollectedData, CollectedMetric } from './prometheus-registry.ts'

/** A registry of prom-client, such as its `register`. Only these parts are used. */
export interface PromClientRegistry {
  readonly contentType: string
  getMetricsAsArray(): readonly object[]
  getMetricsAsJSON(): Promise<readonly object[]>
  metrics(): Promise<string>
}

/** What is used of the module `prom-client`. */
export interface PromClient {
  readonly Registry: (new () => PromClientRegistry) & {
    readonly PROMETHEUS_CONTENT_TYPE: string
    readonly OPENMETRICS_CONTENT_TYPE: string
  }
  /** The registry of the program's own metrics. */
  readonly register: PromClientRegistry
}

/** A page of metrics. */
export interface MetricsPage {
  readonly contentType: string
  readonly body: string
}

/** The end of a page in OpenMetrics. */
const END = '# EOF\n'

/**
 * Loads prom-client.
 *
 * @throws Error that says what to install
 */
export async function loadPromClient(): Promise<PromClient> {
  try {
    const { default: client } = await import('prom-client')
    return client as unknown as PromClient
  } catch (error) {
    throw new Error('metrics need the package prom-client: npm install prom-client', { cause: error })
  }
}

/** The metrics of a server, and those that the program has in registries of prom-client. */
export class Exposition {
  readonly #client: PromClient
  readonly #own: PromClientRegistry
  readonly #readOwn: () => readonly CollectedMetric[]
  readonly #programs: readonly PromClientRegistry[]

  constructor(
    client: PromClient,
    own: { readonly metrics: readonly CollectedMetric[] },
    programs: readonly PromClientRegistry[] = [client.register],
  ) {
    this.#client = client
    this.#own = new client.Registry()
    this.#readOwn = () => own.metrics
    this.#programs = programs
  }

  /** @param accept the header field of the request: OpenMetrics if it is asked for, and the text format otherwise */
  async render(accept: string | undefined): Promise<MetricsPage> {
    const own = this.#readOwn()
    const taken = namesOf(own)
    return this.#write(accept, [
      { registry: this.#own, metrics: own },
      ...this.#programs.map((registry) => ({
        registry,
        metrics: othersOf(registry.getMetricsAsArray(), taken),
      })),
    ])
  }

  /** Reads the values of all metrics, for another process that writes them out. */
  async read(): Promise<readonly CollectedData[]> {
    const own = this.#readOwn()
    const taken = namesOf(own)
    const others = await Promise.all(this.#programs.map((registry) => registry.getMetricsAsJSON()))
    const ofProgram = others.flatMap((metrics) => othersOf(metrics, taken) as readonly CollectedData[])
    return [...own.map((metric) => metric.get()), ...ofProgram]
  }

  /** Writes out values that were read. */
  renderValues(accept: string | undefined, values: readonly CollectedData[]): Promise<MetricsPage> {
    return this.#write(accept, [{ registry: this.#own, metrics: values.map(metricOf) }])
  }

  async #write(accept: string | undefined, parts: readonly PagePart[]): Promise<MetricsPage> {
    const { PROMETHEUS_CONTENT_TYPE, OPENMETRICS_CONTENT_TYPE } = this.#client.Registry
    const isOpen = prefersOpenMetrics(accept ?? '')
    const contentType = isOpen ? OPENMETRICS_CONTENT_TYPE : PROMETHEUS_CONTENT_TYPE
    // Of no metrics, prom-client makes an empty line, which OpenMetrics does not allow.
    const filled = parts.filter(({ metrics }) => metrics.length > 0)
    const pages = await Promise.all(
      filled.map(({ registry, metrics }) => viewOf(registry, metrics, contentType).metrics()),
    )
    const body = pages.map((page) => (page.endsWith(END) ? page.slice(0, -END.length) : page)).join('')
    return { contentType, body: isOpen ? body + END : body }
  }
}

/** Metrics, and the registry that writes them out. */
interface PagePart {
  readonly registry: PromClientRegistry
  readonly metrics: readonly object[]
}

function namesOf(metrics: readonly CollectedMetric[]): ReadonlySet<string> {
  return new Set(metrics.map(({ name }) => name))
}

/** A name can be on the page once. */
function othersOf(metrics: readonly object[], taken: ReadonlySet<string>): readonly object[] {
  return metrics.filter((metric) => !taken.has((metric as CollectedMetric).name))
}

/** prom-client calls `get` on objects of its own that stand before this one, and may have another name. */
function metricOf(data: CollectedData): CollectedMetric {
  const { name, help, type } = data
  return {
    name,
    help,
    type,
    get() {
      return { ...data, name: this.name }
    },
  }
}

/**
 * Returns the registry as it writes the given metrics in a format. prom-client renames counters for OpenMetrics for good, and has one
 * format per registry, so that it is given objects that stand before its own.
 */
function viewOf(registry: PromClientRegistry, metrics: readonly object[], contentType: string): PromClientRegistry {
  const views = metrics.map((metric) =>
    Object.assign(Object.create(metric), { name: (metric as CollectedMetric).name }),
  )
  return Object.create(registry, {
    contentType: { value: contentType },
    getMetricsAsArray: { value: () => views },
  })
}

/** Whether a request names OpenMetrics 1.0, and does not prefer the text format. */
function prefersOpenMetrics(accept: string): boolean {
  let open = 0
  let text = 0
  for (const part of accept.split(',')) {
    const [type = '', ...parameters] = part.split(';').map((piece) => piece.trim().toLowerCase())
    const quality = qualityOf(parameters)
    if (type === 'application/openmetrics-text' && isVersion1(parameters)) open = Math.max(open, quality)
    if (type === 'text/plain') text = Math.max(text, quality)
  }
  return open > 0 && open >= text
}

function qualityOf(parameters: readonly string[]): number {
  const quality = Number(parameters.find((parameter) => parameter.startsWith('q='))?.slice(2) ?? 1)
  return Number.isNaN(quality) ? 0 : quality
}

function isVersion1(parameters: readonly string[]): boolean {
  const version = parameters.find((parameter) => parameter.startsWith('version='))
  return version === undefined || version === 'version=1.0.0'
}
