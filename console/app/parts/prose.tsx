/** Comments of protos as paragraphs and lists. They are text of others: nothing in them is markup but code in backquotes. */
import { Fragment } from 'preact'
import { proseBlocks, proseSpans } from './prose-blocks.ts'

/** Draws a comment. Nothing for an empty one. */
export function Prose({ text, class: more = '' }: { text: string; class?: string }) {
  const blocks = proseBlocks(text)
  if (blocks.length === 0) return null
  return (
    <div class={`prose ${more}`.trim()} dir="auto">
      {blocks.map((block, index) => {
        // Blocks have no identity but their place.
        const key = `${index}`
        if (block.kind === 'code') return <pre key={key}>{block.text}</pre>
        if (block.kind === 'paragraph') return <Spans key={key} as="p" text={block.text} />
        return (
          <ul key={key}>
            {block.items.map((item, turn) => (
              <Spans key={`${turn}`} as="li" text={item} />
            ))}
          </ul>
        )
      })}
    </div>
  )
}

function Spans({ as: Tag, text }: { as: 'p' | 'li'; text: string }) {
  return (
    <Tag>
      {proseSpans(text).map((span, index) => (
        <Fragment key={`${index}`}>{span.isCode ? <code>{span.text}</code> : span.text}</Fragment>
      ))}
    </Tag>
  )
}
