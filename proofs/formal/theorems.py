"""The rows of the formal theorems: what each says in words; what it says exactly is in statements.txt, as Coq prints it."""

from __future__ import annotations

from .printed import FALSE
from .row import formal

ENTRIES = (
    formal(
        "bang",
        "Bang's lemma",
        "Bang.bang",
        "u_i rows of any dimension, m_i and w_i >= 0 scalars, |u_i| = 1 wherever w_i != 0. Some combination s of the"
        " u_i with w_i != 0 has |s| <= sum w_i and |<u_i, s> - m_i| >= w_i for all i.",
        "Say how to find s fast: the proof takes the best of all sign patterns.",
    ),
    formal(
        "second-difference",
        "second difference of a node",
        "Crease.second_difference",
        "relu(z + d) + relu(z - d) - 2 relu(z) = relu(|d| - |z|).",
        "Nothing is left out.",
    ),
    formal(
        "lemma-1",
        "Lemma 1",
        "Networks.lemma_1",
        "On the subspace {x0 + y U} a node is <p, y> + beta with p = w U^T, beta = <w, x0> + b.",
        "Ask the rows of U to be orthonormal, which makes norms and angles of p those of the projected weight.",
    ),
    formal(
        "segment",
        "Theorem A, Bang's point",
        "TheoremA.segment",
        "In a closed ball of radius r around x0 there is, for any set of hyperplanes to avoid, none of those that meet"
        " the ball parallel to H (p_i0), a segment of half length t = r/sqrt(1 + Gamma^2) along the normal, in the"
        " ball, its middle at most t Gamma from x0 and in x0 + H, which none of them cuts: their second differences"
        " along it are 0.",
        "Ask x0 to lie on H.",
    ),
    formal(
        "theorem-a",
        "Theorem A",
        "TheoremA.theorem_A",
        "h a finite sum of ReLU nodes plus an affine function, |h| <= eps on the closed ball of radius r >= 0 centred"
        " on H. Over the hyperplanes of opposite kink mass that meet the open ball, each counted once: Gamma = sum"
        " |cot|. If none of them is parallel to H, |kappa_H| r <= 4 eps sqrt(1 + Gamma^2).",
        "Claim the 4 to be best (theorem-a shows that). The case of a parallel one is empty: Gamma is infinite.",
    ),
    formal(
        "theorem-a-sine",
        "Theorem A, sine",
        "TheoremA.theorem_A_sine",
        "As Theorem A, and some hyperplane opposes and meets the ball, kappa_H r != 0: one of them has sin theta"
        " |kappa_H| r <= 4 N eps, N their number.",
        "Claim the factor N to be best (Theorems B and C).",
    ),
    formal(
        "theorem-a-attained",
        "Theorem A, attained",
        "Attained.theorem_A_attained",
        "For every w != 0 of any dimension and every r >= 0, h = relu(<w, y>) - <w, y>/2 - |w| r/4 has |h| <= eps = |w| r/4 on"
        " the ball of radius r around 0, a point of its one hyperplane H, and |kappa_H| r = 4 eps sqrt(1 + Gamma^2): the 4 is"
        " attained.",
        "Concern a Gamma other than 0, or the factor N of the sine (Theorems B and C).",
    ),
    formal(
        "zero-test",
        "Theorem 1', zero test",
        "Networks.zero_test",
        "If h = 0 on a ball of radius r > 0 centred on the hyperplane H, then kappa_H = 0.",
        "Prove the converse, or that the affine rest vanishes (zero-test does, in words and by algebra).",
    ),
    formal(
        "theorem-1",
        "Theorem 1'",
        "Networks.theorem_1'",
        "Teacher j, observer k, p_j != 0, a ball of radius r > 0 on the subspace centred on H_j inside the region where"
        " k is active; g_1,k = 0 on the region; kappa_T != 0. Then some student s with v_k . v_s != 0 has p_s = lambda"
        " p_j and beta_s = lambda beta_j, lambda != 0.",
        "Say anything of the sign of lambda.",
    ),
    formal(
        "affine-rest",
        "Theorem 1', affine rest",
        "Signs.affine_rest",
        "h = sum c_i relu(<p_i, y> + b_i) = 0 on a ball of radius r > 0: half the sum of the nodes that change sign in it and"
        " the sum of those that are positive on it vanish together, as affine functions of the whole space.",
        "Prove the converse (zero-test does, in words and by algebra).",
    ),
    formal(
        "theorem-1-sign",
        "Theorem 1', sign",
        "Signs.theorem_1'_sign",
        "Setting of theorem-1'. If no other teacher lies on H_j and (p_j, beta_j) is no combination of the nodes off H_j that"
        " are positive somewhere in the ball, some student with v_k . v_s != 0 has p_s = lambda p_j and beta_s = lambda beta_j"
        " with lambda > 0.",
        "Hold without the condition: theorem-1-printed-false has lambda = -1 only.",
    ),
    formal(
        "theorem-2-local",
        "Theorem 2', local form",
        "Networks.theorem_2'_local",
        "As theorem-2', but only h_k on the ball matters, and only up to an affine function of the subspace: |h_k + g|"
        " <= eps on it for some g.",
        "Choose g, the ball or its radius.",
    ),
    formal(
        "theorem-2",
        "Theorem 2'",
        "Networks.theorem_2'",
        "|g_1,k| <= eps on the region, a ball of radius r centred on H_j inside it where k is active. N_S opposing"
        " hyperplanes that meet the ball carry a student, Gamma_T = sum |cot| over those that carry teachers only, none"
        " parallel to H_j. With X = |kappa_T| r/(4 eps): if Gamma_T < sqrt(X^2 - 1), some student has tan theta <="
        " N_S/(sqrt(X^2 - 1) - Gamma_T) (written without divisions, so that eps = 0 and theta = 90 degrees are"
        " included).",
        "Say which student, or that its fan-out is large (fan-out recovery).",
    ),
    formal(
        "theorem-2-wall",
        "Theorem 2', near the observer's own crease",
        "Wall.theorem_2'_wall",
        "As theorem-2-local, but the ball of radius r around a point of H_j need not lie where the observer k is active: h_k is"
        " small, up to an affine function, on the active part of the ball, and the point is at least rho from H_k along H_j."
        " Some student has sin theta rho <= r or is at the angle of theorem-2 in the ball, H_k not counted.",
        "Choose g, the point or r; speak of an observer that is constant on the subspace.",
    ),
    formal(
        "corollary-1-pairing-local",
        "Corollary 1', one observer, local form",
        "Networks.corollary_1'_pairing_local",
        "As corollary-1-pairing, but only h_k on the ball matters, and only up to an affine function of the subspace: |h_k + g|"
        " <= eps on it for some g.",
        "Choose g, the ball or its radius.",
    ),
    formal(
        "corollary-1-pairing",
        "Corollary 1', one observer",
        "Networks.corollary_1'_pairing",
        "A student s alone on its hyperplane, a ball of radius r centred there inside the region where k is active,"
        " |g_1,k| <= eps: |v_k . v_s| |p_s| r <= 4 eps sqrt(1 + Gamma^2), Gamma over the opposing hyperplanes that meet"
        " the ball.",
        "Bound |v_s| itself.",
    ),
    formal(
        "theorem-3",
        "Theorem 3'",
        "Theorem3.theorem_3'",
        "|v_k . (f*' - f*)| <= e0 on the region, |g_1,k| <= eps for f*: Theorem 2' for the nodes of f*' with eps + e0.",
        "Name a norm: e0 may be the dual norm of v_k times the distance of the teachers.",
    ),
    formal(
        "fan-out-recovery",
        "fan-out recovery",
        "Cluster.cluster",
        "C any set of hyperplanes, GammaO = sum |cot| over all others, of either sign, that meet the ball of radius r"
        " around x0, none parallel to the direction p_i0; t = r/sqrt(1 + GammaO^2); d_m the distance of hyperplane m"
        " from x0. |sum over C of kappa_m| t <= 4 eps + sum over C of |kappa_m| (t (1 - cos theta_m) + t GammaO sin"
        " theta_m + d_m).",
        "Choose C, or say that its students are many or few.",
    ),
    formal(
        "evaluation",
        "Theorem A, three values",
        "TheoremA.evaluation",
        "If |h| <= eps at x - v, x and x + v and no opposing hyperplane cuts the segment, |kappa_H| times the second"
        " difference of H's unit node is at most 4 eps.",
        "Find such a segment.",
    ),
    formal(
        "theorem-a-cylinder",
        "Theorem A, cylinder",
        "Cylinder.theorem_A_cylinder",
        "|h| <= eps on {x0 + y + tau n : <n, y> = 0, |y| <= rho, |tau| <= t}, x0 on H, Gamma = sum |cot| over a set of"
        " opposing hyperplanes that contains all that meet the open cylinder, none of it parallel to H. If t Gamma <= rho,"
        " |kappa_H| t <= 4 eps.",
        "Choose t and rho, or find the largest cylinder in a polytope (a linear program).",
    ),
    formal(
        "theorem-a-position",
        "Theorem A, position",
        "Position.theorem_A_position",
        "Setting of Theorem A, N opposing hyperplanes meet the ball, parallel ones allowed. For every t <= r with |kappa_H| t >"
        " 4 eps one of them has both sin theta sqrt(r^2 - t^2) <= N t cos theta and distance from the centre at most (N + 1) t"
        " cos theta.",
        "Take the limit t = 4 eps/|kappa_H| (theorem-a-position does, in words).",
    ),
    formal(
        "theorem-b",
        "Theorem B, certificate form",
        "Plane.theorem_B",
        "d' = 2: h = kappa relu(tau) + sum c_i relu(x - o_i - w_i tau) + sum q_j relu(tau - s_j) + affine, q_j kappa >= 0,"
        " |h| <= eps on |x| <= rho, |tau| <= t. Every line with c_i kappa < 0 stands left or right of a gap; at the heights u"
        " > 0 and -v < 0, at most t, each left one is left of each right one and the walls x = -rho, x = rho are kept. Then"
        " |kappa| u v <= 2 eps (u + v).",
        "Choose the gap (theorem-b-count does).",
    ),
    formal(
        "theorem-b-pairs",
        "Theorem B, Lemma 1",
        "Gaps.pairs",
        "Lines left and right of a gap, slopes at most gamma, offsets of a left and a right one at least g > 0 apart, of two"
        " different left ones and two different right ones at least g + G, G >= g, in all. Then there are a >= c, at least all"
        " quotients (w_L - w_R)/(o_R - o_L), and b >= c, at least all of the opposite sign, with a + b <= max(c, 2 gamma/g) +"
        " max(c, 2 gamma/G).",
        "Need an order, or that there are finitely many images of each line (Mirror.v makes three).",
    ),
    formal(
        "theorem-b-gaps",
        "Theorem B, Lemma 2",
        "Gaps.gaps",
        "Gaps g_0, .., g_N >= 0, continued by reflection at both ends, of mean mu > 0 there, G_k = g_(k-1) + g_k + g_(k+1),"
        " phi(y) = max(c, K/y), K >= 0. Some k has g_k > 0 and phi(g_k) + phi(G_k) <= phi(mu) + phi(3 mu).",
        "Take sequences whose period is not a reflection's (theorem-b-gaps does).",
    ),
    formal(
        "theorem-b-count",
        "Theorem B",
        "CountB.theorem_B_count",
        "h of theorem-b. N lines, of slope at most gamma, are all that meet |x| < rho, |tau| <= t and have c_i kappa < 0 (or"
        " more than those): |kappa| <= 2 eps [max(1/t, N gamma/rho) + max(1/t, N gamma/(3 rho))].",
        "Say it of a ball or of the sine (theorem-b-ball and theorem-b-sine do).",
    ),
    formal(
        "theorem-b-ball",
        "Theorem B, ball",
        "Balls.theorem_B_ball",
        "Setting of Theorem A, d' = 2. N hyperplanes of opposite kink mass meet the open disc, each counted once, none"
        " parallel to H, |cot| at most gamma: |kappa_H| r <= 2 eps (1 + 1/s) sqrt(N^2 gamma^2 + s^2) for every s in [1, 3].",
        "Choose s. Hyperplanes of the same sign are not counted, parallel to H or not.",
    ),
    formal(
        "theorem-b-sine",
        "Theorem B, sine",
        "Balls.theorem_B_sine",
        "Setting of theorem-b-ball, N >= 1, parallel ones allowed: one of them has sin theta |kappa_H| r <= 2 (1 + 1/s) N eps"
        " for all s in [1, 3] with s <= N: with s = 1, 2, 3 the constants are 4, 6 and 8N/3.",
        "Claim that they are attained (theorem-b-attained).",
    ),
    formal(
        "theorem-c",
        "Theorem C, certificate form",
        "Plane.theorem_C",
        "h of theorem-b without the q_j, |h| <= eps there. Line j and all parallel to it are left out, every other line of"
        " any sign is left or right of a gap. If chords along line j fit in pairs, up to u > 0 and down to -v < 0: |kappa| u"
        " v <= 2 eps (u + v).",
        "Choose the line or the gap (theorem-c-count does).",
    ),
    formal(
        "theorem-c-count",
        "Theorem C",
        "CountC.theorem_C_count",
        "h of theorem-c. N >= 2 lines, of slope at most gamma, are all that meet |x| < rho, |tau| <= t, of any sign (or more"
        " than those): if t >= 3 rho/(N gamma), |kappa| rho <= 2N gamma eps for odd N, (2N + 1) gamma eps for even N.",
        "Say it of a ball or of the sine (theorem-c-ball and theorem-c-sine do).",
    ),
    formal(
        "theorem-c-ball",
        "Theorem C, ball",
        "Balls.theorem_C_ball",
        "Setting of Theorem A, d' = 2. N >= 3 hyperplanes other than H, of any kink mass but 0, meet the open disc, none"
        " parallel to H, |cot| at most gamma: |kappa_H| r <= C eps sqrt(N^2 gamma^2 + 9)/N, C = 2N for odd N, 2N + 1 for even"
        " N.",
        "Cover N <= 2, where theorem-a-two-directions gives 4.",
    ),
    formal(
        "theorem-c-sine",
        "Theorem C, sine",
        "Balls.theorem_C_sine",
        "Setting of theorem-c-ball, parallel ones allowed: one of them has sin theta |kappa_H| r <= C eps.",
        "Cover N <= 2.",
    ),
    formal(
        "theorem-c2",
        "Theorem C2, certificate form",
        "Plane.theorem_C2",
        "h of theorem-c. Lines j and k and all parallel to them are left out, every other line is left or right of a gap."
        " With s <= t, m the mean of w_j and w_k, D half their difference, reach(w) = s max(|D|, |w - m|): if o_i +"
        " reach(w_i) <= o_l - reach(w_l) for each left i and right l, walls (slope 0) included, |kappa| s <= 4 eps.",
        "Choose the two lines or the gap (theorem-c2-count does).",
    ),
    formal(
        "theorem-c2-count",
        "Theorem C2",
        "CountC2.theorem_C2_count",
        "h of theorem-c. N >= 1 lines, of slope at most gamma, are all that meet |x| < rho, |tau| <= t, of any sign (or more"
        " than those): |kappa| rho <= max((12/7)(N + 1) gamma eps, 6 eps rho/t).",
        "Say it of a ball or of the sine (theorem-c2-ball and theorem-c2-sine do).",
    ),
    formal(
        "theorem-c2-ball",
        "Theorem C2, ball",
        "Balls.theorem_C2_ball",
        "Setting of theorem-c-ball, N >= 1: |kappa_H| r <= (12/7) eps sqrt((N + 1)^2 gamma^2 + 49/4).",
        "Claim that the constant is the best.",
    ),
    formal(
        "theorem-c2-sine",
        "Theorem C2, sine",
        "Balls.theorem_C2_sine",
        "Setting of theorem-c2-ball, N >= 3, parallel ones allowed: one of them has sin theta |kappa_H| r <= (12/7)(N + 1)"
        " eps.",
        "Cover N <= 2.",
    ),
    formal(
        "theorem-a-one-direction",
        "one direction",
        "Directions.one_direction",
        "Setting of Theorem A. If all opposing hyperplanes that meet the ball have normals parallel to w, |kappa_H| r"
        " sin(w, H) <= 4 eps: no count.",
        "Say anything where two directions oppose.",
    ),
    formal(
        "theorem-a-two-directions",
        "two directions",
        "Directions.two_directions",
        "Setting of Theorem A. If all hyperplanes other than H that meet the ball, of either sign, have normals parallel to w1"
        " or to w2, then |kappa_H| r S <= 4 eps for every S <= both sines.",
        "Hold if opposing hyperplanes alone are counted.",
    ),
    formal(
        "corollary-1-local",
        "Corollary 1', local form",
        "Norms.corollary_1'_local",
        "As corollary-1, with eps_m a bound of |h_m + g_m| on observer m's ball for some affine g_m; no region is needed, nor"
        " that the observer is active on the ball.",
        "Choose the g_m, the balls or their radii; define singular values.",
    ),
    formal(
        "corollary-1",
        "Corollary 1'",
        "Norms.corollary_1'",
        "A student s alone on its hyperplane, as many observers as outputs, Q = [v_k1 .. v_ko] invertible, each with a ball of"
        " radius r_m > 0 centred on H_s inside the region where it is active; B_m = 4 eps_m sqrt(1 + Gamma_m^2)/(|p_s| r_m)."
        " Then |v_s|_i <= sum over m of |(Q^-1)_mi| B_m; so |v_s|_inf <= c M and |v_s|_2 <= sqrt(o) c M for c at least every"
        " absolute column sum of Q^-1 and M at least every B_m; and sigma |v_s|_2 <= |B|_2 if sigma |u|_2 <= |u Q|_2 for"
        " all u.",
        "Define singular values: the least one is the largest such sigma.",
    ),
    *FALSE,
)
