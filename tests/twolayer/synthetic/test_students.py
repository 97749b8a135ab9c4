"""Over-realised students: convergence, sampled gradients, checkpoints, spectators, guided training."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twolayer.networks import TwoLayer, hidden_gradient
from twolayer.regions import Subspace
from twolayer.synthetic.data import box_spectrum, low_rank_data
from twolayer.synthetic.patches import patch_data
from twolayer.synthetic.problem import Problem
from twolayer.synthetic.students import Recipe, counterexample_guided, train
from twolayer.synthetic.teachers import geometric, random_teacher

LOSS, GRADIENT = 1e-20, 1e-8  # what a trained student needs to reach on its samples
ROUNDING = 1e-12  # coordinates, weights and values are of order 1 to 10
SPECIALISED = 1e-6  # sine of an angle, after the loss has fallen to 1e-24
# (d', teacher nodes, student nodes, outputs)
SIZES = [(2, 4, 8, 2), (2, 6, 12, 3), (3, 5, 10, 2), (4, 5, 10, 3), (6, 6, 10, 3), (8, 6, 10, 3), (10, 6, 10, 4)]


def draw(seed, rank, nodes, width, outputs, ambient=None, samples=None, **options):
    rng = np.random.default_rng(seed)
    ambient = rank + 6 if ambient is None else ambient
    samples = max(800, 20 * width * (rank + 1 + outputs) // outputs) if samples is None else samples
    data = low_rank_data(box_spectrum(ambient, rank, decay=0.9), rank, samples, rng, **options)
    return data, random_teacher(data, nodes, outputs, rng, fan_out=geometric(nodes, 0.85), off_plane=0.7), rng


def projected(network, data):
    """In-plane weights and biases; rows of norm 1."""
    p, beta = network.W @ data.basis[: data.rank].T, network.W @ data.mean + network.b
    sizes = np.linalg.norm(p, axis=1)
    return p / sizes[:, None], beta / sizes


def vertex_oracle(teacher, data):
    """The supremum of |g_1| over the plane's box, by every vertex of the arrangement in it; d' = 2."""
    basis, half = data.basis[:2], data.half_widths[:2]

    def oracle(student):
        lines = [(network.W @ basis.T, network.W @ data.mean + network.b) for network in (teacher, student)]
        p = np.vstack([*(line[0] for line in lines), np.eye(2), np.eye(2)])
        beta = np.concatenate([*(line[1] for line in lines), half, -half])
        i, j = np.triu_indices(len(p), 1)
        determinant = p[i, 0] * p[j, 1] - p[i, 1] * p[j, 0]
        i, j, determinant = (array[np.abs(determinant) > 1e-13] for array in (i, j, determinant))
        crossings = [p[i, 1] * beta[j] - p[j, 1] * beta[i], p[j, 0] * beta[i] - p[i, 0] * beta[j]]
        vertices = np.stack(crossings, axis=1) / determinant[:, None]
        x = data.points(vertices[(np.abs(vertices) <= half * (1 + ROUNDING)).all(axis=1)])
        active = student.preactivations(x) >= -ROUNDING  # the closure of the active region
        g = np.abs((teacher(x) - student(x)) @ student.V) * active
        return g.max(), x[np.unique(g.argmax(axis=0))]

    return oracle


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_students_of_every_size_reach_a_tiny_loss_from_random_starts(size):
    for seed in range(2):
        data, teacher, rng = draw(seed, *size)
        trained = train(teacher, data.samples, size[2], rng, subspace=data.subspace())
        assert trained.converged
        assert trained.loss < LOSS
        assert trained.gradient < GRADIENT


@pytest.mark.parametrize("outputs", [3, 10])
def test_students_on_image_patches_reach_a_tiny_loss(outputs):
    rng = np.random.default_rng(outputs)
    data = patch_data(1200, rng)
    teacher = random_teacher(data, 8, outputs, rng, fan_out=geometric(8, 0.85), off_plane=0.5)
    trained = train(teacher, data.samples, 12, rng, subspace=data.subspace())
    assert trained.loss < LOSS
    assert trained.gradient < GRADIENT


def test_loss_and_gradient_are_those_of_the_samples_projected_on_the_plane():
    data, teacher, rng = draw(0, 3, 4, 6, 2)
    lifted = data.samples + rng.normal(size=(len(data.samples), 6)) @ data.basis[3:]
    trained = train(teacher, lifted, 6, rng, subspace=data.subspace(), recipe=Recipe(steps=5, starts=1))
    residual = teacher(data.samples) - trained.student(data.samples)
    assert trained.loss == pytest.approx((residual**2).sum(axis=1).mean(), rel=1e-9)
    gradient = hidden_gradient(teacher, trained.student, data.samples)
    assert trained.gradient == pytest.approx(np.abs(gradient).max(), rel=1e-9)
    assert trained.loss > LOSS
    assert not trained.converged


def test_every_teacher_node_has_a_student_on_its_hyperplane_in_the_plane_only():
    data, teacher, rng = draw(1, 4, 5, 10, 3, samples=4000)  # so many that no wedge hides from all of them
    student = train(teacher, data.samples, 10, rng, subspace=data.subspace()).student
    (q, gamma), (p, beta) = projected(teacher, data), projected(student, data)
    for j in range(5):
        same, flipped = (np.abs(np.column_stack([p - sign * q[j], beta - sign * gamma[j]])).max(axis=1) for sign in (1, -1))
        assert min(same.min(), flipped.min()) < SPECIALISED
    cosine = np.abs(student.W @ teacher.W.T) / np.outer(np.linalg.norm(student.W, axis=1), np.linalg.norm(teacher.W, axis=1))
    assert cosine.max() < 0.99


def test_off_plane_parts_stay_as_initialised_and_in_plane_parts_have_norm_one():
    data, teacher, _ = draw(2, 3, 4, 8, 2)
    students = [
        train(
            teacher,
            data.samples,
            8,
            np.random.default_rng(7),
            subspace=data.subspace(),
            recipe=Recipe(off_plane=2.0, steps=steps, starts=1),
        ).student
        for steps in (1, 200)
    ]
    across = [student.W @ data.basis[3:].T for student in students]
    assert np.abs(across[0] - across[1]).max() < ROUNDING
    assert np.abs(np.linalg.norm(across[0], axis=1) - 2).max() < ROUNDING
    for student in students:
        assert np.abs(np.linalg.norm(student.W @ data.basis[:3].T, axis=1) - 1).max() < ROUNDING


def test_training_in_the_whole_space_is_the_default():
    data, teacher, rng = draw(3, 3, 4, 8, 2, ambient=3)
    trained = train(teacher, data.samples, 8, rng)
    assert trained.loss < LOSS
    assert np.abs(np.linalg.norm(trained.student.W, axis=1) - 1).max() < ROUNDING


def test_any_basis_and_origin_of_the_plane_give_the_same_problem():
    data, teacher, rng = draw(4, 2, 4, 8, 2)
    skew = Subspace(np.array([[2.0, 1.0], [0.0, 3.0]]) @ data.basis[:2], data.points([5.0, -3.0]))
    trained = train(teacher, data.samples, 8, rng, subspace=skew)
    assert trained.loss < LOSS
    assert vertex_oracle(teacher, data)(trained.student)[0] >= trained.gradient


def test_the_same_rng_gives_the_same_student_and_another_one_does_not():
    data, teacher, _ = draw(5, 2, 4, 8, 2)
    runs = [train(teacher, data.samples, 8, np.random.default_rng(seed), subspace=data.subspace()) for seed in (11, 11, 12)]
    for name in ("W", "b", "V"):
        assert (getattr(runs[0].student, name) == getattr(runs[1].student, name)).all()
    assert np.abs(runs[0].student.W - runs[2].student.W).max() > 1e-3


def test_checkpoints_follow_the_loss_down_level_by_level():
    data, teacher, rng = draw(6, 3, 5, 10, 2)
    recipe = Recipe(level_ratio=10.0)
    trained = train(teacher, data.samples, 10, rng, subspace=data.subspace(), recipe=recipe)
    losses = np.array([checkpoint.loss for checkpoint in trained.checkpoints])
    gradients = [checkpoint.gradient for checkpoint in trained.checkpoints]
    assert len(losses) >= 10
    assert (losses[1:-1] <= losses[:-2] / 9.99).all()
    assert (losses[1:] >= losses[:-1] / 110).all()
    assert gradients[0] > 0.1
    assert gradients[-1] < GRADIENT
    assert trained.checkpoints[-1].student is trained.student


def test_without_levels_the_student_is_the_only_checkpoint():
    data, teacher, rng = draw(6, 2, 3, 6, 2)
    trained = train(teacher, data.samples, 6, rng, subspace=data.subspace())
    assert [checkpoint.student for checkpoint in trained.checkpoints] == [trained.student]


def test_a_spectator_keeps_its_boundary_while_its_fan_out_shrinks_with_the_gradient():
    data, teacher, rng = draw(7, 4, 5, 10, 3)
    trained = train(teacher, data.samples, 10, rng, subspace=data.subspace(), recipe=Recipe(level_ratio=10.0, spectators=1))
    (q, _), path = projected(teacher, data), trained.checkpoints
    p = [projected(checkpoint.student, data) for checkpoint in path]
    sizes = [np.linalg.norm(checkpoint.student.V[:, -1]) for checkpoint in path]
    assert np.abs(p[0][0][-1] - p[-1][0][-1]).max() < ROUNDING
    assert abs(p[0][1][-1] - p[-1][1][-1]) < ROUNDING
    assert np.abs(p[-1][0][-1] @ q.T).max() < 1 - SPECIALISED
    assert sizes[-1] < GRADIENT < 1e-2 < sizes[0]
    middle = next(i for i, checkpoint in enumerate(path) if checkpoint.gradient < 1e-4)
    assert 0 < sizes[middle] < 1e-2


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_the_sampled_gradient_is_a_lower_bound_of_the_supremum(seed):
    data, teacher, rng = draw(seed, 2, 3, 5, 2, samples=60)
    recipe = Recipe(steps=20, starts=1)
    trained = train(teacher, data.samples, 5, rng, subspace=data.subspace(), recipe=recipe)
    supremum, _ = vertex_oracle(teacher, data)(trained.student)
    assert trained.gradient <= supremum * (1 + ROUNDING) + ROUNDING


def blind_half(seed=0):
    """Samples see the left half of the square only; one boundary of the teacher lies in the right half."""
    rng = np.random.default_rng(seed)
    data = low_rank_data([1.0, 1.0], 2, 400, rng, basis=np.eye(2), mean=np.zeros(2))
    teacher = TwoLayer([[0.0, 1.0], [1.0, 0.25]], [0.25, -0.5], [[1.0, 0.0], [0.5, 1.0]])
    return data, teacher, data.samples[data.samples[:, 0] < 0], rng


def test_samples_can_hide_a_supremum_that_witnesses_bring_down():
    data, teacher, seen, rng = blind_half()
    guided = counterexample_guided(teacher, seen, 4, rng, vertex_oracle(teacher, data), GRADIENT, rounds=20)
    first, last = guided.rounds[0], guided.rounds[-1]
    assert first.sampled < GRADIENT < 1e-2 < first.upper
    assert guided.reached
    assert guided.upper == last.upper <= GRADIENT
    assert vertex_oracle(teacher, data)(guided.trained.student)[0] == guided.upper
    assert len(guided.rounds) > 1


def test_few_samples_and_an_oracle_reach_a_certified_gradient():
    for seed in range(3):
        data, teacher, rng = draw(seed, 2, 4, 8, 2, samples=60)
        guided = counterexample_guided(
            teacher,
            data.samples,
            8,
            rng,
            vertex_oracle(teacher, data),
            GRADIENT,
            subspace=data.subspace(),
            recipe=Recipe(level_ratio=10.0),
        )
        assert guided.reached
        assert len(guided.trained.checkpoints) >= 10


def test_guided_training_stops_after_its_rounds_and_returns_the_best_student():
    data, teacher, rng = draw(0, 2, 3, 4, 2)
    uppers = iter([3.0, 1.0, 2.0])
    students = []

    def oracle(student):
        students.append(student)
        return next(uppers), data.samples[:2]

    guided = counterexample_guided(teacher, data.samples, 4, rng, oracle, GRADIENT, subspace=data.subspace(), rounds=3)
    assert [one.upper for one in guided.rounds] == [3.0, 1.0, 2.0]
    assert [one.witnesses for one in guided.rounds] == [2, 2, 2]
    assert (guided.upper, guided.reached) == (1.0, False)
    assert guided.trained.student is students[1]


def test_guided_training_stops_as_soon_as_the_target_is_reached():
    data, teacher, rng = draw(0, 2, 3, 4, 2)
    guided = counterexample_guided(
        teacher, data.samples, 4, rng, lambda _: (GRADIENT, data.samples[:2]), GRADIENT, subspace=data.subspace()
    )
    assert guided.reached
    assert len(guided.rounds) == 1


def test_a_round_starts_from_the_last_student():
    data, teacher, rng = draw(0, 2, 3, 6, 2)
    students = []

    def oracle(student):
        students.append(student)
        return 1.0, data.samples[:2]

    counterexample_guided(teacher, data.samples, 6, rng, oracle, 0.0, subspace=data.subspace(), rounds=2)
    assert len(students) == 2
    assert np.abs(students[0].W - students[1].W).max() < SPECIALISED


def test_guided_training_stops_when_the_time_is_up_or_no_witness_is_left():
    data, teacher, rng = draw(0, 2, 3, 4, 2)
    for witnesses, limit in ((data.samples[:1], 0.0), (np.empty((0, 8)), None)):
        guided = counterexample_guided(
            teacher, data.samples, 4, rng, lambda _, x=witnesses: (1.0, x), GRADIENT, subspace=data.subspace(), time_limit=limit
        )
        assert len(guided.rounds) == 1


def test_a_halo_joins_each_witness_to_samples_and_lies_nearer_to_the_witness():
    data, teacher, rng = draw(1, 3, 4, 8, 2)
    problem = Problem(teacher, data.samples, data.subspace())
    witness = data.points([[50.0, 0.0, 0.0]])
    halo = problem.halo(witness, rng)
    end = problem.augmented(witness)[0]
    distances = np.linalg.norm(halo - end, axis=1) / np.linalg.norm(end)
    assert len(halo) == 9
    assert distances[0] == 0
    assert distances.max() < 1.2
    assert 0.1 < np.median(distances[1:]) < 0.6


def test_a_student_is_recovered_from_its_network():
    data, teacher, rng = draw(2, 3, 4, 8, 2)
    problem = Problem(teacher, data.samples, data.subspace())
    P, V = problem.initial(8, rng)
    again = problem.weights_of(problem.network(P, V, problem.off_plane_rows(8, 3.0, rng)))
    assert np.abs(again[0] - P).max() < ROUNDING
    assert np.abs(again[1] - V).max() < ROUNDING * np.abs(V).max()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"X": np.zeros((5, 7))}, r"the teacher has 8 inputs, so X needs shape \(n, 8\); got \(5, 7\)"),
        ({"subspace": Subspace.whole(7)}, "X has 8 columns, so the subspace needs ambient 8; got 7"),
        ({"subspace": Subspace.whole(8)}, "the samples need to spread in every direction"),
        ({"recipe": Recipe(spectators=4)}, r"spectators needs to be in 0 \.\. 3"),
        ({"teacher": TwoLayer(np.ones((1, 8)), [-1e3], [[1.0]])}, "the teacher needs to be nonzero"),
    ],
)
def test_training_problems_that_do_not_fit_are_refused_by_name(change, message):
    data, teacher, rng = draw(0, 2, 3, 4, 2)
    arguments = {"teacher": teacher, "X": data.samples, "width": 4, "rng": rng, "subspace": data.subspace()}
    with pytest.raises(ValueError, match=message):
        train(**arguments | change)


def test_recipes_with_impossible_numbers_are_refused():
    with pytest.raises(ValueError, match="starts and steps need to be at least 1; got 0 and 300"):
        Recipe(starts=0)
    with pytest.raises(ValueError, match="level_ratio needs to be above 1; got 1"):
        Recipe(level_ratio=1)
