/** The buttons that keep a call: in a collection, or as a link, without its secrets. */
import { CopyLink } from '../saved/copy-link.tsx'
import { SaveCall } from '../saved/save-call.tsx'
import type { CallForm } from './call-form.ts'
import { useSavedCall } from './use-saved-call.ts'

/** Draws the buttons. */
export function SaveButtons({ form }: { form: CallForm }) {
  const saved = useSavedCall(form)
  return (
    <>
      <SaveCall saved={saved} />
      <CopyLink saved={saved} />
    </>
  )
}
