/** How a benchmark server reports its address: one line on standard error, the same in every language. */
import type { AddressInfo } from 'node:net'

/** Finds the address in a line of standard error. */
export const ADDRESS_LINE = /^listening on (127\.0\.0\.1:\d+)$/m

/** Writes the line for a server that listens on 127.0.0.1. */
export function announce({ port }: Pick<AddressInfo, 'port'>): void {
  process.stderr.write(`listening on 127.0.0.1:${port}\n`)
}
