/** The measured clients: ours, and the alternatives. */
import path from 'node:path'
import type { Program } from '../cores.ts'

/** One of them. */
export interface ContestingClient {
  /** Its name on the command line. */
  readonly name: string
  /** Its name in the report. */
  readonly title: string
  readonly program: Program
}

/** @param grpcGoClient path of the executable */
export function clientsOf(grpcGoClient: string): readonly ContestingClient[] {
  return [
    { name: 'portico-client', title: 'Portico', program: node('portico.ts') },
    { name: 'grpc-js-client', title: '@grpc/grpc-js', program: node('grpc-js.ts') },
    { name: 'connect-node-client', title: '@connectrpc/connect-node', program: node('connect-node.ts') },
    { name: 'grpc-go-client', title: 'grpc-go', program: { program: grpcGoClient, args: [] } },
  ]
}

function node(file: string): Program {
  return { program: process.execPath, args: [path.join(import.meta.dirname, 'programs', file)] }
}
