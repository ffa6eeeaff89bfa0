/** Every configuration of a @connectrpc/connect-node transport: protocol, format, HTTP version, with and without TLS. */
import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import type { Transport } from '@connectrpc/connect'
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
  Http2SessionManager,
} from '@connectrpc/connect-node'
import type { KeyedCertificate } from './certificates.ts'

/** One way to call. */
export interface MatrixRow {
  /** For the names of tests, as in `gRPC-Web, JSON, HTTP/1.1 over TLS`. */
  readonly name: string
  readonly protocol: 'gRPC' | 'gRPC-Web' | 'Connect'
  readonly format: 'proto' | 'JSON'
  readonly httpVersion: '1.1' | '2'
  readonly isSecure: boolean
}

/** A transport with its own connections. */
export interface MatrixTransport {
  readonly transport: Transport
  /** Closes the connections. */
  close(): void
}

/** The address to connect to. */
export interface MatrixTarget {
  readonly port: number
  /** The CA of the server's certificate, PEM. */
  readonly ca: string
  /** The certificate of the client. Default: none. */
  readonly client?: KeyedCertificate
  /** A prefix before the path of every method. Default: none. */
  readonly prefix?: string
}

/** All combinations: gRPC needs HTTP/2. */
export const MATRIX: readonly MatrixRow[] = makeRows()

/** Creates the transport of a row. It connects on first use. */
export function openTransport(row: MatrixRow, target: MatrixTarget): MatrixTransport {
  return row.httpVersion === '2' ? openHttp2(row, target) : openHttp1(row, target)
}

/** The origin for a row. */
function baseUrlOf({ isSecure }: MatrixRow, { port, prefix = '' }: MatrixTarget): string {
  return `${isSecure ? 'https' : 'http'}://127.0.0.1:${port}${prefix}`
}

function makeRows(): MatrixRow[] {
  const rows: MatrixRow[] = []
  for (const protocol of ['gRPC', 'gRPC-Web', 'Connect'] as const) {
    for (const format of ['proto', 'JSON'] as const) {
      for (const httpVersion of ['1.1', '2'] as const) {
        if (protocol === 'gRPC' && httpVersion === '1.1') continue
        for (const isSecure of [false, true]) {
          const name = `${protocol}, ${format}, HTTP/${httpVersion}${isSecure ? ' over TLS' : ''}`
          rows.push({ name, protocol, format, httpVersion, isSecure })
        }
      }
    }
  }
  return rows
}

function openHttp2(row: MatrixRow, target: MatrixTarget): MatrixTransport {
  const baseUrl = baseUrlOf(row, target)
  const sessionManager = new Http2SessionManager(baseUrl, {}, { ca: target.ca, ...target.client })
  const options = { baseUrl, useBinaryFormat: row.format === 'proto', httpVersion: '2' as const, sessionManager }
  const create = { gRPC: createGrpcTransport, 'gRPC-Web': createGrpcWebTransport, Connect: createConnectTransport }
  return { transport: create[row.protocol](options), close: () => sessionManager.abort() }
}

function openHttp1(row: MatrixRow, target: MatrixTarget): MatrixTransport {
  const agent = row.isSecure
    ? new HttpsAgent({ ca: target.ca, ...target.client, keepAlive: true })
    : new HttpAgent({ keepAlive: true })
  const options = {
    baseUrl: baseUrlOf(row, target),
    useBinaryFormat: row.format === 'proto',
    httpVersion: '1.1' as const,
    nodeOptions: { agent },
  }
  const create = row.protocol === 'Connect' ? createConnectTransport : createGrpcWebTransport
  return { transport: create(options), close: () => agent.destroy() }
}
