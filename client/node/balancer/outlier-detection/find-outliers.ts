/** Finds and ejects outliers (gRFC A50). */
import type { Host } from './host.ts'
import type {
  FailurePercentageEjection,
  OutlierDetectionConfig,
  SuccessRateEjection,
} from './outlier-detection-config.ts'

/** The input of the algorithms. */
export interface Sweep {
  /** All endpoints, after the buckets were swapped. */
  readonly hosts: readonly Host[]
  readonly nowMs: number
  /** Returns a number from 0 to below 1. */
  readonly random: () => number
}

/** Runs both algorithms, one after the other. Each stops when too many endpoints are ejected. */
export function ejectOutliers(config: OutlierDetectionConfig, sweep: Sweep): void {
  const { successRate, failurePercentage, maxEjectionPercent } = config
  if (successRate !== null) ejectAll(bySuccessRate(successRate, sweep.hosts), maxEjectionPercent, sweep)
  if (failurePercentage !== null) ejectAll(byFailures(failurePercentage, sweep.hosts), maxEjectionPercent, sweep)
}

/** Whether a host is an outlier, and the probability of its ejection. */
interface Verdict {
  readonly guilty: readonly Host[]
  readonly enforcementPercentage: number
}

function bySuccessRate(rule: SuccessRateEjection, hosts: readonly Host[]): Verdict {
  const judged = judgedHosts(rule, hosts)
  const rates = judged.map((host) => host.successRate)
  const mean = rates.reduce((sum, rate) => sum + rate, 0) / rates.length
  const variance = rates.reduce((sum, rate) => sum + (rate - mean) ** 2, 0) / rates.length
  const least = mean - Math.sqrt(variance) * (rule.stdevFactor / 1_000)
  return { guilty: judged.filter((host) => host.successRate < least), ...rule }
}

function byFailures(rule: FailurePercentageEjection, hosts: readonly Host[]): Verdict {
  const judged = judgedHosts(rule, hosts)
  return { guilty: judged.filter(({ failures, volume }) => 100 * failures > rule.threshold * volume), ...rule }
}

/** Returns the hosts with enough calls, or none if they are too few. */
function judgedHosts(
  { requestVolume, minimumHosts }: { requestVolume: number; minimumHosts: number },
  hosts: readonly Host[],
): readonly Host[] {
  const judged = hosts.filter((host) => host.volume >= Math.max(1, requestVolume))
  return judged.length >= minimumHosts ? judged : []
}

function ejectAll({ guilty, enforcementPercentage }: Verdict, maxEjectionPercent: number, sweep: Sweep): void {
  for (const host of guilty) {
    const ejected = sweep.hosts.filter(({ isEjected }) => isEjected).length
    if ((100 * ejected) / sweep.hosts.length >= maxEjectionPercent) return
    if (!host.isEjected && sweep.random() * 100 < enforcementPercentage) host.eject(sweep.nowMs)
  }
}
