;; A workflow that is no script: it asks an agent, has another one improve what the first said, and gives that back.
;;
;; `wasm-tools parse ask-twice.wat -o ~/project/.reenact/workflows/ask-twice.wasm` makes it a module that runs like a script.
;; docs/workflows.md, "In other languages", says what a module imports and exports.
(module
  ;; call(kind, its length, payload, its length) -> number of the call
  (import "workflow" "call" (func $call (param i32 i32 i32 i32) (result i64)))
  ;; note(kind, its length, payload, its length)
  (import "workflow" "note" (func $note (param i32 i32 i32 i32)))

  (memory (export "memory") 1)
  (data (i32.const 0) "agent")
  (data (i32.const 16) "phase")
  (data (i32.const 32) "\"Ask\"")
  (data (i32.const 64) "{\"name\":\"ask-twice\",\"description\":\"Asks, and has the answer improved\",\"phases\":[{\"title\":\"Ask\"}]}")
  (data (i32.const 256) "{\"prompt\":\"Say what a lighthouse is, in a sentence.\",\"label\":\"first\",\"phase\":\"Ask\"}")
  (data (i32.const 512) "{\"label\":\"second\",\"phase\":\"Ask\",\"prompt\":\"Say this better: ")
  (data (i32.const 640) "\"}")

  ;; The memory that is given away next, and what `text` gives.
  (global $free (mut i32) (i32.const 1024))
  (global $text (mut i32) (i32.const 0))
  (global $text_length (mut i32) (i32.const 0))

  ;; Room that the host writes to, and that is ours from then on. 0: there is none.
  (func $alloc (export "alloc") (param $length i32) (result i32)
    (local $at i32)
    (local.set $at (global.get $free))
    (global.set $free (i32.and (i32.add (i32.add (global.get $free) (local.get $length)) (i32.const 7)) (i32.const -8)))
    (block $there
      (loop $more
        (br_if $there (i32.le_u (global.get $free) (i32.mul (memory.size) (i32.const 65536))))
        (if (i32.eq (memory.grow (i32.const 1)) (i32.const -1)) (then (return (i32.const 0))))
        (br $more)))
    (local.get $at))

  (func (export "text") (result i32) (global.get $text))
  (func (export "text_length") (result i32) (global.get $text_length))

  (func $say (param $at i32) (param $length i32)
    (global.set $text (local.get $at))
    (global.set $text_length (local.get $length)))

  ;; 0: the text is what it says of itself.
  (func $meta (export "meta") (result i32)
    (call $say (i32.const 64) (i32.const 97))
    (i32.const 0))

  ;; The arguments, as JSON; no length where there are none. 0: it waits.
  (func $start (export "start") (param $args i32) (param $length i32) (result i32)
    (call $note (i32.const 16) (i32.const 5) (i32.const 32) (i32.const 5))
    (drop (call $call (i32.const 0) (i32.const 5) (i32.const 256) (i32.const 83)))
    (i32.const 0))

  ;; An answer, as JSON. 0: it waits, 1: the text is the result, 2: the text is what went wrong.
  (func $resume (export "resume") (param $id i64) (param $good i32) (param $at i32) (param $length i32) (result i32)
    (local $prompt i32)
    (if (i32.or (i32.eqz (local.get $good)) (i64.eq (local.get $id) (i64.const 2)))
      (then
        (call $say (local.get $at) (local.get $length))
        (return (select (i32.const 1) (i32.const 2) (local.get $good)))))
    ;; An agent that was stopped gives `null`: so does this.
    (if (i32.ne (i32.load8_u (local.get $at)) (i32.const 34))
      (then
        (call $say (local.get $at) (local.get $length))
        (return (i32.const 1))))
    ;; What stands between the quotes of the first answer goes into the second prompt.
    (local.set $prompt (call $alloc (i32.add (local.get $length) (i32.const 59))))
    (memory.copy (local.get $prompt) (i32.const 512) (i32.const 59))
    (memory.copy
      (i32.add (local.get $prompt) (i32.const 59))
      (i32.add (local.get $at) (i32.const 1))
      (i32.sub (local.get $length) (i32.const 2)))
    (memory.copy
      (i32.add (local.get $prompt) (i32.add (i32.const 57) (local.get $length)))
      (i32.const 640)
      (i32.const 2))
    (drop (call $call (i32.const 0) (i32.const 5) (local.get $prompt) (i32.add (local.get $length) (i32.const 59))))
    (i32.const 0)))
