/** The weight of an endpoint, from its load reports (gRFC A58). */
import type { LoadReport } from '../../orca/load-report.ts'
import type { WeightedRoundRobinConfig } from './weighted-round-robin-config.ts'

/** Calls per second divided by utilization: the capacity of the endpoint. */
export class EndpointWeight {
  #weight = 0
  /** Since when reports have arrived without a gap. */
  #nonEmptySinceMs: number | null = null
  #updatedAtMs = 0

  /** Discards reports after a new connection, as the server may be a new one, too. */
  restart(): void {
    this.#nonEmptySinceMs = null
  }

  /** Takes a report. Ignores reports without load or calls, or with infinite numbers, as they do not tell the capacity. */
  report(report: LoadReport, config: WeightedRoundRobinConfig, nowMs: number): void {
    const utilization = utilizationOf(report, config.metricNames)
    if (!(report.qps > 0) || !(utilization > 0)) return
    const penalty = report.eps > 0 ? (report.eps / report.qps) * config.errorUtilizationPenalty : 0
    const weight = report.qps / (utilization + penalty)
    if (!(weight > 0 && Number.isFinite(weight))) return
    this.#weight = weight
    this.#nonEmptySinceMs ??= nowMs
    this.#updatedAtMs = nowMs
  }

  /** Returns the weight; 0 while there is no reliable one. */
  current({ blackoutPeriodMs, weightExpirationPeriodMs }: WeightedRoundRobinConfig, nowMs: number): number {
    if (this.#nonEmptySinceMs === null) return 0
    if (nowMs - this.#updatedAtMs >= weightExpirationPeriodMs) {
      this.#nonEmptySinceMs = null
      return 0
    }
    return nowMs - this.#nonEmptySinceMs < blackoutPeriodMs ? 0 : this.#weight
  }
}

function utilizationOf(report: LoadReport, metricNames: readonly string[]): number {
  const chosen = metricNames.map((name) => metricOf(report, name)).filter((value) => value > 0)
  if (chosen.length > 0) return Math.max(...chosen)
  return report.applicationUtilization > 0 ? report.applicationUtilization : report.cpuUtilization
}

function metricOf(report: LoadReport, name: string): number {
  if (name === 'application_utilization') return report.applicationUtilization
  if (name === 'cpu_utilization') return report.cpuUtilization
  if (name === 'mem_utilization') return report.memUtilization
  const [, map, key = ''] = /^(utilization|named_metrics)\.(.+)$/s.exec(name) ?? []
  if (map === undefined) return 0
  return (map === 'utilization' ? report.utilization : report.namedMetrics).get(key) ?? 0
}
