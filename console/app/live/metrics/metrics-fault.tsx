/** Why the metrics cannot be shown, and what to do about it. */
import { Notice } from '../../parts/notice.tsx'
import { MetricsRefused } from './fetch-metrics.ts'

/** Draws the notice. `fault` is what reading them has thrown. */
export function MetricsFault({ fault }: { fault: unknown }) {
  return <Notice tone="bad">{textOf(fault)}</Notice>
}

function textOf(fault: unknown): string {
  if (!(fault instanceof MetricsRefused))
    return 'The server cannot be reached. The next attempts wait longer and longer.'
  switch (fault.status) {
    case 401:
      return 'The metrics need a token (HTTP status 401): sign in with a Bearer token that the server accepts for them.'
    case 403:
      return (
        'The server refuses to show its metrics to you (HTTP status 403). Without a token or an authorization of its own it shows them ' +
        'only to callers on its machine, and not through a proxy.'
      )
    case 404:
      return 'The server has no metrics at the path that it names (HTTP status 404).'
    default:
      return `The server does not show its metrics: ${fault.message}.`
  }
}
