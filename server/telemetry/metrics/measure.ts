/** Measures the calls of a process, and the process itself, whatever collects the measurements. */
import type { CallObserver } from '../../../wire/call-observer.ts'
import type { CallNames } from '../../../wire/telemetry/metrics/call-names.ts'
import { grpcCallNames, grpcRetryNames } from '../../../wire/telemetry/metrics/grpc-call-names.ts'
import type { MetricRegistry } from '../../../wire/telemetry/metrics/metric-registry.ts'
import { observeByMetrics } from '../../../wire/telemetry/metrics/observe-by-metrics.ts'
import { rpcCallNames } from '../../../wire/telemetry/metrics/rpc-call-names.ts'
import type { PreparedServer } from '../../rpc/middleware.ts'
import type { MeasuredOptions, MetricNames } from './metrics-options.ts'
import { processSources } from './process-sources.ts'

const NAMES: Readonly<Record<MetricNames, CallNames>> = {
  rpc: rpcCallNames,
  grpc: grpcCallNames,
  'grpc-retries': grpcRetryNames,
}

/** What measures. */
export interface Measured {
  /** Serves the server and the clients of a process. */
  readonly observer: CallObserver
  /** Adds the values of a server, until it closes. */
  prepare(server: Pick<PreparedServer, 'app' | 'metricSources'>): void
}

/** Creates the instruments in a registry. */
export function measure(registry: MetricRegistry, options: MeasuredOptions): Measured {
  const { names = ['rpc', 'grpc'], processMetrics = true, callLabels } = options
  const observer = observeByMetrics({
    registry,
    names: names.map((name) => NAMES[name]),
    callLabels,
    now: () => performance.now(),
  })
  const ofProcess = processMetrics ? new SharedProcessSources(registry) : null
  const prepare: Measured['prepare'] = ({ app, metricSources }) => {
    const removals = metricSources.map((source) => registry.addSource(source))
    ofProcess?.addUser()
    app?.addHook('onClose', async () => {
      ofProcess?.removeUser()
      for (const remove of removals) remove()
    })
  }
  return { observer, prepare }
}

/** There is one process, however many plugins and servers share the middleware. */
class SharedProcessSources {
  readonly #registry: MetricRegistry
  #users = 0
  #remove: (() => void) | undefined

  constructor(registry: MetricRegistry) {
    this.#registry = registry
  }

  addUser(): void {
    this.#users += 1
    if (this.#users > 1) return
    const { sources, stop } = processSources()
    const removals = sources.map((source) => this.#registry.addSource(source))
    this.#remove = () => {
      stop()
      for (const remove of removals) remove()
    }
  }

  removeUser(): void {
    this.#users -= 1
    if (this.#users === 0) this.#remove?.()
  }
}
