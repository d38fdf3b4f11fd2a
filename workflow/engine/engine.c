// The engine: QuickJS-ng with one script in it, driven from outside, one result at a time. The host reaches it through the
// exports at the end; it reaches the host through the four imports below, and nothing else.
#include <stdlib.h>
#include <string.h>

#include "prelude.h"
#include "quickjs.h"

#define IMPORT(name) __attribute__((import_module("workflow"), import_name(name)))
#define EXPORT(name) __attribute__((export_name(name)))

// Begins a call, and gives its number: 1, 2, 3 ... in the order of the calls.
IMPORT("call") extern uint64_t host_call(const char *kind, uint32_t kind_length, const char *payload, uint32_t length);
// Says something that has no answer.
IMPORT("note") extern void host_note(const char *kind, uint32_t kind_length, const char *payload, uint32_t length);
// Output tokens: 0 the limit (negative: none), 1 those spent.
IMPORT("budget") extern double host_budget(int32_t what);
// Reads or changes a URL: a pure function. The answer is text that `alloc` has given room, and that is freed here.
IMPORT("url") extern char *host_url(const char *request, uint32_t length);

// The time of day does not exist here; the shim of the libc asks for it under this name.
double __rquickjs_host_now_us(void) { return 0; }

enum { PENDING = 0, DONE = 1, FAILED = 2 };

static JSRuntime *runtime;
static JSContext *context;
// What the prelude gives: functions of its last part.
static JSValue describe, begin, body, answer, open_calls, files;
// The script: compiled, then its evaluation, then what its body comes to.
static JSValue script, evaluation, outcome;

static uint32_t polls, most_polls, most_memory = 64u << 20, most_stack = 512u << 10;
static int interrupted;

static const char *text;
static size_t text_length;
static int text_is_ours;

static void forget_text(void) {
  if (text_is_ours) JS_FreeCString(context, text);
  text = "";
  text_length = 0;
  text_is_ours = 0;
}

static void fixed_text(const char *said) {
  forget_text();
  text = said;
  text_length = strlen(said);
}

static int give(JSValue value) {
  forget_text();
  text = JS_ToCStringLen(context, &text_length, value);
  JS_FreeValue(context, value);
  if (!text) {
    JS_FreeValue(context, JS_GetException(context));
    fixed_text("");
    return 0;
  }
  text_is_ours = 1;
  return 1;
}

// Polls that the description of an error may take: what it reads of the error may be the script's own code.
enum { POLLS_OF_AN_ERROR = 200 };

// Ends in `FAILED`, with [name, message, stack, classes] as the text. Takes the error.
static int fail(JSValue error) {
  uint32_t limit = most_polls;
  interrupted = 0;
  polls = 0;
  most_polls = POLLS_OF_AN_ERROR;
  // Room to describe an error that memory ran out.
  JS_SetMemoryLimit(runtime, (size_t)most_memory + (1u << 20));
  JSValue described = JS_Call(context, describe, JS_UNDEFINED, 1, (JSValueConst *)&error);
  if (JS_IsException(described)) {
    JS_FreeValue(context, JS_GetException(context));
    fixed_text("[\"Error\",\"an error that could not be described\",\"\",[]]");
  } else if (!give(described)) {
    fixed_text("[\"Error\",\"an error that could not be described\",\"\",[]]");
  }
  JS_FreeValue(context, error);
  JS_SetMemoryLimit(runtime, most_memory);
  most_polls = limit;
  return FAILED;
}

static int poll(JSRuntime *of, void *nothing) {
  (void)of;
  (void)nothing;
  if (!most_polls || ++polls <= most_polls) return 0;
  interrupted = 1;
  return 1;
}

// ---- what the prelude calls -----------------------------------------------------------------------------------------

static int two_texts(JSContext *c, JSValueConst *of, const char **one, size_t *one_length, const char **other, size_t *other_length) {
  *one = JS_ToCStringLen(c, one_length, of[0]);
  if (!*one) return 0;
  *other = JS_ToCStringLen(c, other_length, of[1]);
  if (*other) return 1;
  JS_FreeCString(c, *one);
  return 0;
}

static JSValue js_call(JSContext *c, JSValueConst this, int count, JSValueConst *of) {
  (void)this;
  (void)count;
  const char *kind, *payload;
  size_t kind_length, length;
  if (!two_texts(c, of, &kind, &kind_length, &payload, &length)) return JS_EXCEPTION;
  uint64_t id = host_call(kind, kind_length, payload, length);
  JS_FreeCString(c, kind);
  JS_FreeCString(c, payload);
  return JS_NewInt64(c, (int64_t)id);
}

static JSValue js_note(JSContext *c, JSValueConst this, int count, JSValueConst *of) {
  (void)this;
  (void)count;
  const char *kind, *payload;
  size_t kind_length, length;
  if (!two_texts(c, of, &kind, &kind_length, &payload, &length)) return JS_EXCEPTION;
  host_note(kind, kind_length, payload, length);
  JS_FreeCString(c, kind);
  JS_FreeCString(c, payload);
  return JS_UNDEFINED;
}

static JSValue js_budget(JSContext *c, JSValueConst this, int count, JSValueConst *of) {
  (void)this;
  (void)count;
  int32_t what = 0;
  if (JS_ToInt32(c, &what, of[0])) return JS_EXCEPTION;
  return JS_NewFloat64(c, host_budget(what));
}

static JSValue js_url(JSContext *c, JSValueConst this, int count, JSValueConst *of) {
  (void)this;
  (void)count;
  size_t length;
  const char *request = JS_ToCStringLen(c, &length, of[0]);
  if (!request) return JS_EXCEPTION;
  char *said = host_url(request, length);
  JS_FreeCString(c, request);
  if (!said) return JS_ThrowOutOfMemory(c);
  JSValue value = JS_NewString(c, said);
  free(said);
  return value;
}

// ---- modules --------------------------------------------------------------------------------------------------------

static JSValue compile(const char *name, const char *source, size_t length) {
  return JS_Eval(context, source, length, name, JS_EVAL_TYPE_MODULE | JS_EVAL_FLAG_COMPILE_ONLY);
}

// Imports find what `add` was given, and nothing else.
static JSModuleDef *import(JSContext *c, const char *name, void *nothing) {
  (void)nothing;
  JSValue source = JS_GetPropertyStr(c, files, name);
  if (JS_IsUndefined(source)) {
    JSValue error = JS_NewError(c);
    JS_DefinePropertyValueStr(c, error, "name", JS_NewString(c, "ModuleMissing"), JS_PROP_CONFIGURABLE | JS_PROP_WRITABLE);
    JS_DefinePropertyValueStr(c, error, "message", JS_NewString(c, name), JS_PROP_CONFIGURABLE | JS_PROP_WRITABLE);
    JS_Throw(c, error);
    return 0;
  }
  size_t length;
  const char *read = JS_ToCStringLen(c, &length, source);
  JS_FreeValue(c, source);
  if (!read) return 0;
  JSValue compiled = compile(name, read, length);
  JS_FreeCString(c, read);
  if (JS_IsException(compiled)) return 0;
  JSModuleDef *definition = JS_VALUE_GET_PTR(compiled);
  JS_FreeValue(c, compiled);
  return definition;
}

// ---- what the host calls --------------------------------------------------------------------------------------------

static JSValue property(JSValueConst of, const char *name) { return JS_GetPropertyStr(context, of, name); }

// Run once, when the module is made: what every script starts from.
EXPORT("initialize") void initialize(void) {
  runtime = JS_NewRuntime();
  context = JS_NewContext(runtime);
  JS_UpdateStackTop(runtime);
  JS_SetMaxStackSize(runtime, most_stack);
  JS_SetMemoryLimit(runtime, most_memory);
  JS_SetInterruptHandler(runtime, poll, 0);
  JS_SetModuleLoaderFunc(runtime, 0, import, 0);
  JSValue made = JS_Eval(context, prelude, sizeof prelude - 1, "<workflow>", JS_EVAL_TYPE_GLOBAL);
  if (JS_IsException(made)) __builtin_trap();
  JSValue of[4] = {
    JS_NewCFunction(context, js_call, "call", 2),
    JS_NewCFunction(context, js_note, "note", 2),
    JS_NewCFunction(context, js_budget, "budget", 1),
    JS_NewCFunction(context, js_url, "url", 1),
  };
  JSValue entry = JS_Call(context, made, JS_UNDEFINED, 4, (JSValueConst *)of);
  if (JS_IsException(entry)) __builtin_trap();
  describe = property(entry, "describe");
  begin = property(entry, "begin");
  body = property(entry, "body");
  answer = property(entry, "answer");
  open_calls = property(entry, "open");
  files = JS_NewObjectProto(context, JS_NULL);
  script = evaluation = outcome = JS_UNDEFINED;
  for (int i = 0; i < 4; i++) JS_FreeValue(context, of[i]);
  JS_FreeValue(context, made);
  JS_FreeValue(context, entry);
  JS_RunGC(runtime);
}

EXPORT("alloc") void *export_alloc(uint32_t length) { return malloc(length + 1); }
EXPORT("free") void export_free(void *at) { free(at); }

// Of one step: polls of the interpreter; of all: bytes of the script's memory and of its stack. 0: as it is.
EXPORT("limits") void export_limits(uint32_t of_polls, uint32_t memory, uint32_t stack) {
  most_polls = of_polls;
  if (memory) most_memory = memory;
  if (stack) most_stack = stack;
  JS_SetMemoryLimit(runtime, most_memory);
  JS_SetMaxStackSize(runtime, most_stack);
}

// A file that the script may import. Names and sources end with a zero byte, at their length.
EXPORT("add") void export_add(char *name, const char *source, uint32_t length) {
  JS_SetPropertyStr(context, files, name, JS_NewStringLen(context, source, length));
}

// Compiles the script, and whatever it imports; runs nothing.
EXPORT("load") int32_t export_load(const char *name, char *source, uint32_t length) {
  JS_UpdateStackTop(runtime);
  polls = 0;
  interrupted = 0;
  source[length] = 0;
  script = compile(name, source, length);
  if (JS_IsException(script)) return fail(JS_GetException(context));
  if (JS_ResolveModule(context, script) < 0) return fail(JS_GetException(context));
  forget_text();
  return PENDING;
}

// How many jobs may run after the script was interrupted: so many functions may be on the way from there to its body.
enum { LAST_JOBS = 1000 };

static int32_t settle(void) {
  JSContext *c;
  int ran = 1, last = 0;
  while (ran > 0 && (!interrupted || last++ < LAST_JOBS)) ran = JS_ExecutePendingJob(runtime, &c);
  if (ran < 0 || interrupted) {
    JSValue error = JS_GetException(context);
    // What interrupts an async function comes to its body as the error of a promise, with the place.
    if (!JS_IsError(error) && JS_PromiseState(context, outcome) == JS_PROMISE_REJECTED) error = JS_PromiseResult(context, outcome);
    if (!JS_IsError(error)) {
      JS_ThrowInternalError(context, "interrupted");
      error = JS_GetException(context);
    }
    return fail(error);
  }
  switch (JS_PromiseState(context, outcome)) {
    case JS_PROMISE_FULFILLED: give(JS_PromiseResult(context, outcome)); return DONE;
    case JS_PROMISE_REJECTED: return fail(JS_PromiseResult(context, outcome));
    default: break;
  }
  forget_text();
  return PENDING;
}

// Runs the script until nothing in it can run. The text tells the prelude what it starts with.
EXPORT("start") int32_t export_start(const char *with, uint32_t length) {
  JS_UpdateStackTop(runtime);
  polls = 0;
  interrupted = 0;
  JSValue given = JS_NewStringLen(context, with, length);
  JSValue begun = JS_Call(context, begin, JS_UNDEFINED, 1, (JSValueConst *)&given);
  JS_FreeValue(context, given);
  if (JS_IsException(begun)) return fail(JS_GetException(context));
  JS_FreeValue(context, begun);
  JSModuleDef *definition = JS_VALUE_GET_PTR(script);
  evaluation = JS_EvalFunction(context, script);
  if (JS_IsException(evaluation)) return fail(JS_GetException(context));
  JSValue of[2] = { evaluation, JS_GetModuleNamespace(context, definition) };
  outcome = JS_Call(context, body, JS_UNDEFINED, 2, (JSValueConst *)of);
  JS_FreeValue(context, of[1]);
  if (JS_IsException(outcome)) return fail(JS_GetException(context));
  return settle();
}

// Answers one call, and runs the script until nothing in it can run.
EXPORT("resume") int32_t export_resume(uint64_t id, int32_t good, const char *value, uint32_t length) {
  JS_UpdateStackTop(runtime);
  polls = 0;
  interrupted = 0;
  JSValue of[3] = { JS_NewInt64(context, (int64_t)id), JS_NewBool(context, good), JS_NewStringLen(context, value, length) };
  JSValue answered = JS_Call(context, answer, JS_UNDEFINED, 3, (JSValueConst *)of);
  JS_FreeValue(context, of[2]);
  if (JS_IsException(answered)) return fail(JS_GetException(context));
  JS_FreeValue(context, answered);
  return settle();
}

// How many calls have no answer yet.
EXPORT("pending") uint32_t export_pending(void) {
  JSValue count = JS_Call(context, open_calls, JS_UNDEFINED, 0, 0);
  uint32_t number = 0;
  if (JS_IsException(count)) JS_FreeValue(context, JS_GetException(context));
  else JS_ToUint32(context, &number, count);
  JS_FreeValue(context, count);
  return number;
}

// After `DONE` the result as JSON; after `FAILED` [name, message, stack, classes] as JSON.
EXPORT("text") const char *export_text(void) { return text; }
EXPORT("text_length") uint32_t export_text_length(void) { return text_length; }
