/** Text that is being typed into a form. */
import { useEffect, useRef, useState } from 'preact/hooks'
import { useForm } from './form-source.ts'

const PAUSE_MS = 300

/**
 * Keeps what is typed, and passes it on: at once, or after a pause where the message is long. What an input shows follows the message again as
 * soon as nothing typed is waiting.
 */
export function useTyped(shown: string, onTyped: (text: string) => void) {
  const { isLong } = useForm()
  const [waiting, setWaiting] = useState<string | null>(null)
  const pause = useRef<ReturnType<typeof setTimeout>>(undefined)
  useEffect(() => () => clearTimeout(pause.current), [])
  const onInput = (text: string) => {
    clearTimeout(pause.current)
    if (!isLong) return onTyped(text)
    setWaiting(text)
    pause.current = setTimeout(() => {
      setWaiting(null)
      onTyped(text)
    }, PAUSE_MS)
  }
  return { text: waiting ?? shown, onInput }
}
