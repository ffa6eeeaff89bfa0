/** The ticker: a server stream that resumes where it was, and its chart. */
import type { Client } from '@connectrpc/connect'
import { useEffect, useState } from 'preact/hooks'
import { watchTopic } from '../../../client/demo/watch-topic.ts'
import { errorText } from '../../../client/web/page/parts/error-text.ts'
import { formatPrice, messageTimeMs } from '../../../client/web/page/parts/format.ts'
import { parseQuote } from '../../../client/web/page/parts/message-data.ts'
import type { GreeterService } from '../../../gen/greeter/v1/greeter_pb.js'
import type { ChartPoint } from '../live/chart/chart-data.ts'
import { LineChart } from '../live/line-chart.tsx'
import { isPageVisible } from '../live/refresh/page-visible.ts'
import { Badge } from '../parts/badge.tsx'
import { TOPICS } from './sample-calls.ts'
import { SampleCard } from './sample-card.tsx'

const MAX_POINTS = 180

interface Position {
  readonly afterSequence: bigint
  readonly epoch: string
}

/** Draws the panel. The stream rests while the page cannot be seen. */
export function TickerPanel({ greeter }: { greeter: Client<typeof GreeterService> }) {
  const [points, setPoints] = useState<readonly ChartPoint[]>([])
  const [link, setLink] = useState('Connecting')
  const isVisible = isPageVisible.value
  const [position] = useState<{ current: Position }>({ current: { afterSequence: 0n, epoch: '' } })
  useEffect(() => {
    if (!isVisible) return
    const leaving = new AbortController()
    const read = async () => {
      const quotes = watchTopic(greeter, {
        topic: TOPICS.ticker,
        ...position.current,
        signal: leaving.signal,
        onState: ({ name }) => setLink(name === 'live' ? 'Live' : name === 'waiting' ? 'Not reachable' : 'Connecting'),
      })
      for await (const message of quotes) {
        position.current = { afterSequence: message.sequence, epoch: message.epoch }
        const quote = parseQuote(message.data)
        if (quote === undefined) continue
        const point = { atMs: messageTimeMs(message), value: quote.price }
        setPoints((before) => [...before.slice(1 - MAX_POINTS), point])
      }
    }
    read().catch((error) => setLink(errorText(error)))
    return () => leaving.abort()
  }, [greeter, isVisible, position])
  const series = [{ label: 'ACME', points }]
  return (
    <SampleCard name="ticker" title="Ticker: a server stream">
      <div class="spread">
        <p>
          <code>GetStream</code> of <code>{TOPICS.ticker}</code>. The prices are invented.
        </p>
        <Badge tone={link === 'Live' ? 'good' : 'warn'} dot={link === 'Live' ? 'still' : 'moving'}>
          {link}
        </Badge>
      </div>
      <LineChart label="Price" series={series} fromZero={false} minSpan={1} format={formatPrice} />
    </SampleCard>
  )
}
