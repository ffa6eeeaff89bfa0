/** A modal dialog: the platform's, which keeps the focus inside and gives it back. */
import type { ComponentChildren } from 'preact'
import { useId, useLayoutEffect, useRef } from 'preact/hooks'
import { Button } from './button.tsx'

/** What a dialog shows. It is open as long as it is rendered. */
export interface DialogProps {
  readonly title: string
  readonly onClose: () => void
  /** A further class, such as one that sets `--dialog-width`. */
  readonly class?: string
  readonly children: ComponentChildren
}

/** Draws a dialog. Escape, its button, and a click beside it close it. */
export function Dialog({ title, onClose, class: more = '', children }: DialogProps) {
  const id = useId()
  const dialog = useModal(onClose)
  return (
    <dialog ref={dialog} class={`dialog ${more}`.trim()} aria-labelledby={id}>
      <div class="dialog-head">
        <h2 id={id}>{title}</h2>
        <Button kind="quiet" icon="close" label="Close" onClick={() => dialog.current?.close()} />
      </div>
      <div class="dialog-body">{children}</div>
    </dialog>
  )
}

/** Returns the reference for a `<dialog>` that is modal while it is rendered, and that a click beside it closes. */
export function useModal(onClose: () => void) {
  const dialog = useRef<HTMLDialogElement>(null)
  const latest = useRef(onClose)
  latest.current = onClose
  // Before the browser handles another key, which would go to the page.
  useLayoutEffect(() => {
    const { current } = dialog
    if (current === null) return
    const closed = () => latest.current()
    current.addEventListener('close', closed)
    closeByClickBeside(current)
    current.showModal()
    return () => {
      current.removeEventListener('close', closed)
      // An element that is removed does not give back the focus, unlike one that closes.
      current.close()
    }
  }, [])
  return dialog
}

/** A click is beside where it starts and ends there: one that selects text in a field may end beyond the edge. */
function closeByClickBeside(dialog: HTMLDialogElement): void {
  let hasStarted = false
  dialog.addEventListener('pointerdown', ({ target }) => {
    hasStarted = target === dialog
  })
  dialog.addEventListener('click', ({ target }) => {
    if (hasStarted && target === dialog) dialog.close()
  })
}
