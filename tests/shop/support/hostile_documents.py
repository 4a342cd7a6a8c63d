"""Documents of up to 16 KB that cost a validator much: repetition, and errors whose messages are long."""

from collections.abc import Mapping


def _many(text: str, number: int) -> str:
    return " ".join(text.replace("#", str(index)) for index in range(number))


def _nested(number: int) -> str:
    below = "id"
    for name in ("product", "lines", "nodes"):
        below = _many(f"{name}{{{below}}}", number)
    return below


HOSTILE_DOCUMENTS: Mapping[str, str] = {
    "one leaf 1900 times": f'{{ product(sku: "a") {{ {_many("id", 1900)} }} }}',
    "one object 400 times": f"{{ {_many('orders{nodes{id}}', 400)} }}",
    "one object 29 times": f"{{ {_many('orders{nodes{id lines{sku}}}', 29)} }}",
    "one nested object 350 times": f"{{ orders{{nodes{{ {_many('lines{product{id}}', 350)} }}}} }}",
    "objects in objects": f"{{ orders{{{_nested(6)}}} orders{{{_nested(6)}}} }}",
    "1200 leaves": f"{{ orders{{nodes{{ {_many('id status reason version', 300)} }}}} }}",
    "inline fragments": f"{{ orders{{nodes{{ {_many('...on Order{id status}', 500)} }}}} }}",
    "inline fragments of several types": f"{{ events{{nodes{{ {_many('...on OrderOpened{position} ...on OrderPlaced{at}', 200)} }}}} }}",
    "1000 unknown fields": f"{{ {_many('orderz#', 1000)} }}",
    "1000 unknown fields below": f"{{ orders{{nodes{{ {_many('statuz#', 1000)} }}}} }}",
    "300 fragments": f"{{ orders{{nodes{{ {_many('...f#', 300)} }}}} }} {_many('fragment f# on Order{id}', 300)}",
    "80 fragments": f"{{ orders{{nodes{{ {_many('...f#', 80)} }}}} }} {_many('fragment f# on Order{id}', 80)}",
    "a cycle of fragments": "{ ...f0 } "
    + " ".join(f"fragment f{n} on Query{{ ...f{(n + 1) % 300} ...f{(n + 2) % 300} }}" for n in range(300)),
    "a cycle through fields": "{ orders{nodes{...f}} } fragment f on Order{ customer: lines{product{...g ...g}} }"
    " fragment g on Product{ a:history{nodes{...f ...g}} b:history{nodes{...f ...g}} }",
    "a chain that doubles": "{ ...f0 } "
    + " ".join(f"fragment f{n} on Query{{ ...f{n + 1} ...f{n + 1} }}" for n in range(90))
    + " fragment f90 on Query{ position }",
    "an unused chain that doubles below": "{ position } "
    + " ".join(
        f"fragment f{n} on Query{{ a:node(id:1){{...f{n + 1}}} b:node(id:1){{...f{n + 1}}} }}"
        for n in range(60)
    )
    + " fragment f60 on Query{ position }",
    "one variable 900 times": f"query({_many('$a:Int', 900)}){{ position }}",
    "900 unused variables": f"query({_many('$a#:Int', 900)}){{ position }}",
    "900 variables of an unknown type": f"query({_many('$a#:Intt', 900)}){{ position }}",
    "500 directives": f"{{ position {_many('@skip(if:true)', 500)} }}",
    "1500 unknown directives": f"{{ position {_many('@skipp#', 1500)} }}",
    "directives of a variable": f"query($a:Int {_many('@skipp#', 1500)}){{ position }}",
    "deep lists": f"{{ orders(first: {'[' * 150}1{']' * 150}){{nodes{{id}}}} }}",
    "a wide list": f"{{ nodes(ids: [{_many('1', 3000)}]){{id}} }}",
    "a wide object": f"{{ orders(filter: {{ {_many('x#:1', 1300)} }}){{nodes{{id}}}} }}",
    "an object of 450 fields": f"{{ orders(filter: {{ {_many('x#:1', 450)} }}){{nodes{{id}}}} }}",
    "an integer of 14000 digits": f"{{ orders(first: {'9' * 14_000}){{nodes{{id}}}} }}",
    "a text of 16000 characters": f'{{ orders(first: "{"9" * 16_000}"){{nodes{{id}}}} }}',
    "one argument 1200 times": f"{{ orders({_many('first:1', 1200)}){{nodes{{id}}}} }}",
    "1200 unknown arguments": f"{{ orders({_many('firs#:1', 1200)}){{nodes{{id}}}} }}",
    "400 operations": f"{_many('query q#{...f}', 400)} fragment f on Query{{ {_many('a#:position', 200)} }}",
    "45 operations with a variable": f"{_many('query q#($v:Int){...f}', 45)} fragment f on Query{{ {_many('a#:orders(first:$v){__typename}', 20)} }}",
    "300 unknown values of an enum": f"{{ {_many('a#:orders(sort:NONE#){totalCount}', 300)} }}",
    "a type per inline fragment": f"{{ node(id: 1) {{ {_many('...on T#{id}', 600)} }} }}",
}
