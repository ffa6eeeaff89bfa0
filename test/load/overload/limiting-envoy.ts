/** Envoy with its adaptive concurrency filter. */
import { envoyFilter, startEnvoy } from '../../interop/proxies/envoy.ts'
import { freePort } from '../../support/ports.ts'

/** A running Envoy. */
export interface LimitingEnvoy extends AsyncDisposable {
  readonly origin: string
}

/** Starts Envoy before a backend, with the settings of the example in its documentation. */
export async function startLimitingEnvoy(backendPort: number, folder: string): Promise<LimitingEnvoy> {
  const port = await freePort()
  const filter = envoyFilter('http.adaptive_concurrency.v3.AdaptiveConcurrency', {
    gradient_controller_config: {
      sample_aggregate_percentile: { value: 90 },
      concurrency_limit_params: { concurrency_update_interval: '0.1s' },
      min_rtt_calc_params: { jitter: { value: 10 }, interval: '60s', request_count: 50 },
    },
    enabled: { default_value: true, runtime_key: 'adaptive_concurrency.enabled' },
  })
  const envoy = await startEnvoy({ listeners: [{ port, codec: 'HTTP2', filter }], backendPort, folder })
  return { origin: `http://127.0.0.1:${port}`, [Symbol.asyncDispose]: () => envoy[Symbol.asyncDispose]() }
}
