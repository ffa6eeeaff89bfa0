/** The streams of the benchmarks, written like any Connect service. */
import type { ServiceImpl } from '@connectrpc/connect'
import type { BenchService } from '../gen/bench/v1/bench_pb.js'

/** bench.v1.BenchService. */
export const benchService: ServiceImpl<typeof BenchService> = {
  async *download({ count, text }) {
    for (let sent = 0; sent < count; sent += 1) yield { text }
  },
  async upload(requests) {
    let count = 0
    for await (const _ of requests) count += 1
    return { count }
  },
  async *echo(requests) {
    for await (const { text } of requests) yield { text }
  },
}
