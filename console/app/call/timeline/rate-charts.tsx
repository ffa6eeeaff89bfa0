/** Charts of a stream while it runs: messages and octets per second, and the time to the next response. */
import { useEffect, useState } from 'preact/hooks'
import { LineChart } from '../../live/line-chart.tsx'
import { formatBytes, formatDuration } from '../../parts/format.ts'
import type { RatePoint } from '../engine/rate-series.ts'
import type { RunningCall } from '../engine/running-call.ts'

const SECOND_MS = 1_000

/** Draws the charts. */
export function RateCharts({ call }: { call: RunningCall }) {
  const points = usePoints(call)
  // The messages of other streams are no answers to each other.
  const hasRoundTrips = call.init.method.methodKind === 'bidi_streaming'
  return (
    <div class="stack">
      <LineChart label="Messages per second" series={both(points, 'sent', 'received')} formatTime={formatSecond} />
      <LineChart
        label="Bytes per second"
        series={both(points, 'sentBytes', 'receivedBytes')}
        format={formatBytes}
        formatTime={formatSecond}
      />
      {hasRoundTrips && (
        <LineChart
          label="Time from a sent message to the next received one"
          series={[seriesOf('latency', points, ({ roundTripMs }) => roundTripMs)]}
          format={formatDuration}
          formatTime={formatSecond}
        />
      )}
    </div>
  )
}

/** The points of whole seconds, and of the one that a call ended in. */
function usePoints(call: RunningCall): readonly RatePoint[] {
  const current = () => call.rates.points(call.counts.peek().endMs ?? call.elapsedMs())
  const [points, setPoints] = useState(current)
  const hasEnded = call.state.value === 'ended'
  useEffect(() => {
    setPoints(current())
    if (hasEnded) return
    const timer = setInterval(() => setPoints(current().slice(0, -1)), SECOND_MS)
    return () => clearInterval(timer)
  }, [call, hasEnded])
  return points
}

type Count = 'sent' | 'received' | 'sentBytes' | 'receivedBytes'

function both(points: readonly RatePoint[], sent: Count, received: Count) {
  return [seriesOf('sent', points, (point) => point[sent]), seriesOf('received', points, (point) => point[received])]
}

function seriesOf(label: string, points: readonly RatePoint[], read: (point: RatePoint) => number | null) {
  return { label, points: points.map((point) => ({ atMs: point.second * SECOND_MS, value: read(point) })) }
}

function formatSecond(atMs: number): string {
  return `${Math.round(atMs / SECOND_MS)} s`
}
