"""Blocks of sums held in vector registers, as instructions of LLVM: what Numba's own loops do not reliably become.

A block is some neighbouring cells of one row, of one output channel or of four. Its sums stay in registers while all
taps are added; each tap is an offset in memory, so one loop serves every kernel, dilation, layout and number of axes.
The products are added in the order of the taps by plain multiplications and additions (no `fastmath`, no fused ones),
so the bits of a sum do not depend on the block, the tile or the thread that computes it.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

_INDEX = ir.IntType(64)


def row_of(lanes: int, *, filters: int = 1, rows: int = 1) -> Any:
    """The intrinsic of rows of at least ``lanes`` cells, of ``filters`` output channels or ``rows`` rows at once.

    Its arguments: the flat array of sums, the place of the row in it and the distance to its next channel or row; the
    flat array of cells, the place under the first tap and the distance to the next row; the cells of the row; the
    offsets of the taps, of which there is one at least; the weights, (channels, taps), and the place of the first of
    them. Nothing is checked. The last block begins earlier than a whole one, and computes some cells once more.
    """

    @intrinsic
    def row(typing, sums, at, apart, cells, base, below, width, offsets, weights, first):  # type: ignore[no-untyped-def]  # noqa: ARG001
        index = types.intp
        signature = types.void(sums, index, index, cells, index, index, index, offsets, weights, index)

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            block = _Block(context, builder, signature.args, arguments, lanes)
            with cgutils.for_range(builder, block.count) as loop:
                block.move(loop.index)
                block.add_up(filters, rows)
            return context.get_dummy_value()

        return signature, generate

    return row


class _Block:
    """The code of the blocks of a row."""

    def __init__(self, context: Any, builder: Any, kinds: Any, arguments: Any, lanes: int) -> None:
        sums, at, self.apart, cells, base, self.below, self.width, offsets, weights, first = arguments
        self.builder, self.lanes = builder, lanes
        self.number, self.is_signed = kinds[0].dtype, getattr(kinds[3].dtype, "signed", True)

        def array(place: int, value: Any) -> Any:
            return context.make_array(kinds[place])(context, builder, value)

        self.row = builder.gep(array(0, sums).data, [at]), builder.gep(array(3, cells).data, [base])
        self.sums, self.cells = self.row
        self.offsets, self.taps = array(7, offsets).data, array(7, offsets).nitems
        self.weights = builder.gep(array(8, weights).data, [first])
        self.vector = ir.VectorType(context.get_value_type(self.number), lanes)
        self.read = ir.VectorType(context.get_value_type(kinds[3].dtype), lanes)

    @property
    def count(self) -> Any:
        """How many blocks cover the row."""
        return self.builder.udiv(self.builder.add(self.width, _INDEX(self.lanes - 1)), _INDEX(self.lanes))

    def move(self, number: Any) -> None:
        """To the block of that number."""
        builder = self.builder
        place, last = builder.mul(number, _INDEX(self.lanes)), builder.sub(self.width, _INDEX(self.lanes))
        place = builder.select(builder.icmp_signed("<", place, last), place, last)
        self.sums, self.cells = (builder.gep(start, [place]) for start in self.row)

    def add_up(self, filters: int, rows: int) -> None:
        """The loop over the taps, and the writing of the sums."""
        builder = self.builder
        before, loop = builder.block, builder.append_basic_block("taps")
        after = builder.append_basic_block("added")
        builder.branch(loop)
        builder.position_at_end(loop)
        tap = builder.phi(_INDEX)
        totals = [builder.phi(self.vector) for _ in range(filters * rows)]
        cells = [self._cells(tap, number) for number in range(rows)]
        weights = [self._weight(tap, number) for number in range(filters)]
        products = [(weight, some) for weight in weights for some in cells]
        added = [self._plus(total, *factors) for total, factors in zip(totals, products, strict=True)]
        following = builder.add(tap, _INDEX(1))
        starts = (_INDEX(0), *[self.vector(None)] * len(totals))
        for phi, start, end in zip((tap, *totals), starts, (following, *added), strict=True):
            phi.add_incoming(start, before)
            phi.add_incoming(end, loop)
        builder.cbranch(builder.icmp_signed("<", following, self.taps), loop, after)
        builder.position_at_end(after)
        for number, total in enumerate(added):
            builder.store(total, self._as_vector(self._after(self.sums, self.apart, number), self.vector), align=1)

    def _cells(self, tap: Any, row: int) -> Any:
        """The cells of a row under a tap, in the type of the sums."""
        builder = self.builder
        place = builder.gep(self.cells, [builder.load(builder.gep(self.offsets, [tap]))])
        loaded = builder.load(self._as_vector(self._after(place, self.below, row), self.read), align=1)
        if self.read == self.vector:
            return loaded
        return (builder.sext if self.is_signed else builder.zext)(loaded, self.vector)

    def _weight(self, tap: Any, number: int) -> Any:
        """The weight of a tap of the filter of that number, in every lane."""
        builder = self.builder
        weight = builder.load(self._after(builder.gep(self.weights, [tap]), self.taps, number))
        one = builder.insert_element(ir.Constant(self.vector, ir.Undefined), weight, ir.IntType(32)(0))
        return builder.shuffle_vector(one, one, ir.Constant(ir.VectorType(ir.IntType(32), self.lanes), None))

    def _plus(self, total: Any, weight: Any, cells: Any) -> Any:
        builder = self.builder
        if isinstance(self.number, types.Float):
            return builder.fadd(total, builder.fmul(weight, cells))
        return builder.add(total, builder.mul(weight, cells))

    def _after(self, place: Any, distance: Any, count: int) -> Any:
        return self.builder.gep(place, [self.builder.mul(distance, _INDEX(count))]) if count else place

    def _as_vector(self, place: Any, vector: Any) -> Any:
        return self.builder.bitcast(place, vector.as_pointer())
