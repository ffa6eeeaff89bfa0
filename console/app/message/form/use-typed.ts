/** Text that is being typed into a form. */
import { useEffect, useRef, useState } from 'preact/hooks'
import { useForm } from './form-source.ts'

const PAUSE_MS = 300

/**
 * Keeps what is typed, and passes it on: at once, or after a pause where the message is long. What an input shows follows the message again as
 * soon as nothing typed is waiting. Leaving the input ends the wait, and so does whatever uses the message.
 */
export function useTyped(shown: string, onTyped: (text: string) => void) {
  const { isLong, edits } = useForm()
  const [waiting, setWaiting] = useState<string | null>(null)
  const wait = useRef<Wait | null>(null)
  const stop = () => {
    clearTimeout(wait.current?.timer)
    wait.current?.forget()
    wait.current = null
  }
  useEffect(() => stop, [])
  const onInput = (text: string) => {
    stop()
    const pass = () => {
      stop()
      setWaiting(null)
      onTyped(text)
    }
    if (!isLong) return pass()
    setWaiting(text)
    wait.current = { pass, timer: setTimeout(pass, PAUSE_MS), forget: edits.waitFor(pass) }
  }
  return { text: waiting ?? shown, onInput, onBlur: () => wait.current?.pass() }
}

interface Wait {
  readonly pass: () => void
  readonly timer: ReturnType<typeof setTimeout>
  readonly forget: () => void
}
