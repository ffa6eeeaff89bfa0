/** The frame of a sample: what it is, its live panel, and the way to the call view. */
import type { ComponentChildren } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { Badge } from '../parts/badge.tsx'
import { Notice } from '../parts/notice.tsx'
import { linkTo } from '../route/route.ts'
import { encodeCall } from '../saved/call-link.ts'
import type { SampleState } from './sample-call.ts'
import { SAMPLE_CALLS, type SampleName } from './sample-calls.ts'

interface SampleCardProps {
  readonly name: SampleName
  readonly title: string
  readonly children: ComponentChildren
}

/** Draws the frame. */
export function SampleCard({ name, title, children }: SampleCardProps) {
  const [href, setHref] = useState(linkTo('method', SAMPLE_CALLS[name].method))
  useEffect(() => {
    const saved = SAMPLE_CALLS[name]
    void encodeCall(saved).then((text) => setHref(linkTo('method', saved.method, `call=${text}`)))
  }, [name])
  return (
    <section class="card stack sample" aria-labelledby={`sample-${name}`}>
      <div class="spread">
        <h2 id={`sample-${name}`}>{title}</h2>
        <a href={href}>
          Open in the call view<span class="visually-hidden">: {title}</span>
        </a>
      </div>
      {children}
    </section>
  )
}

/** Draws how far the call of a sample is. */
export function SampleStateLine({ state }: { state: SampleState }) {
  if (state.kind === 'failed') return <Notice tone="bad">{state.reason}</Notice>
  return (
    <p class="row is-tight" role="status">
      <Badge tone={state.kind === 'open' ? 'good' : 'plain'} dot={state.kind === 'open' ? 'moving' : 'still'}>
        {state.kind === 'open' ? 'Open' : state.kind === 'ended' ? 'Ended' : 'Not started'}
      </Badge>
      {state.kind === 'ended' && <span class="wrap">{state.summary}</span>}
    </p>
  )
}
