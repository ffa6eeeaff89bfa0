/** The buttons that keep a call: as a link, without its secrets. */
import { useState } from 'preact/hooks'
import { Button } from '../parts/button.tsx'
import { copyText } from '../parts/copy-button.tsx'
import { linkTo } from '../route/route.ts'
import { encodeCall } from '../saved/call-link.ts'
import type { CallForm } from './call-form.ts'

/** Draws the buttons. */
export function SaveButtons({ form }: { form: CallForm }) {
  const [said, setSaid] = useState('')
  const copy = async () => {
    try {
      setSaid(
        (await copyText(await linkOf(form)))
          ? 'The link is copied. It has no secrets.'
          : 'The browser refused to copy.',
      )
    } catch (error) {
      setSaid(error instanceof Error ? error.message : String(error))
    }
  }
  return (
    <>
      <Button kind="quiet" icon="link" onClick={() => void copy()}>
        Copy link
      </Button>
      <span class="small soft" role="status">
        {said}
      </span>
    </>
  )
}

async function linkOf(form: CallForm): Promise<string> {
  const saved = form.toSavedCall()
  const hash = linkTo('method', saved.method, `call=${await encodeCall(saved)}`)
  return new URL(hash, location.href).href
}
